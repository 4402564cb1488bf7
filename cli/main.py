"""`pledger`: the command line of the ledger.

Each group of commands stands in a module of its own below `cli/` and is added here. These
modules are light: what a command works with (Kafka, ClickHouse, the aggregates) is loaded
when it runs, so that a command answers at once.
"""

from __future__ import annotations

import os
import sys

import typer

from cli import (
    accounts,
    agreements,
    api_keys,
    checkpoint,
    commissions,
    contests,
    conversions,
    coupons,
    importing,
    invoices,
    links,
    partner_ties,
    partners,
    payment_details,
    payouts,
    personal_fields,
    programs,
    rates,
    reconcile,
    registrations,
    run_schedule,
    runs,
    signing_keys,
    terms,
)
from cli.audit import audit_app, replay
from cli.audit_invoice import audit_invoice
from cli.audit_run import audit_run
from cli.balances import balance
from cli.corrections import corrections
from cli.demo.command import demo
from cli.explain import explain
from cli.failures import LedgerGroup
from cli.forget import forget
from cli.statements import statement
from cli.system import add_system_commands
from cli.trail import trail
from cli.verify import verify
from cli.warehouse import add_warehouse_commands
from cli.warehouse_database import app as warehouse_app

app = typer.Typer(
    name="pledger",
    cls=LedgerGroup,
    help="A ledger for partner programs: from a click to a proved payout.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
add_system_commands(app)
app.command()(run_schedule.scheduler)
app.add_typer(programs.app, name="programs")
app.add_typer(terms.app, name="terms")
app.add_typer(partners.app, name="partners")
app.add_typer(links.app, name="links")
app.add_typer(coupons.app, name="coupons")
app.add_typer(agreements.app, name="agreements")
app.add_typer(registrations.app, name="registrations")
app.add_typer(commissions.app, name="commissions")
app.add_typer(contests.app, name="contests")
app.add_typer(accounts.app, name="accounts")
app.add_typer(rates.app, name="rates")
partner_ties.add_commands(partners.app)
payment_details.add_commands(partners.app, programs.app)
personal_fields.add_commands(programs.app)
app.add_typer(api_keys.app, name="api-keys")
app.add_typer(importing.app, name="import")
app.add_typer(conversions.app, name="conversions")
app.command()(balance)
app.command()(statement)
app.command()(corrections)
app.add_typer(payouts.app, name="payouts")
app.add_typer(payouts.app, name="payout", hidden=True)  # as it was called first
app.add_typer(runs.app, name="runs")
app.add_typer(invoices.app, name="invoices")
audit_app.command("invoice")(audit_invoice)
audit_app.command("run")(audit_run)
app.add_typer(audit_app, name="audit")
app.add_typer(reconcile.app, name="reconcile")
app.command()(replay)
app.command()(verify)
app.add_typer(checkpoint.app, name="checkpoint")
app.add_typer(signing_keys.app, name="signing-keys")
app.command()(explain)
app.command()(forget)
app.command()(trail)
app.command()(demo)
add_warehouse_commands(app)
app.add_typer(warehouse_app, name="warehouse")


def main() -> None:
    """Entry point: domain errors are said in words, with exit code 2; no traceback.

    `PLEDGER_DEBUG=1` shows the traceback.
    """
    from deploy import DeployError
    from events.settings import SettingsError

    try:
        app()
    except (DeployError, SettingsError) as error:
        if os.environ.get("PLEDGER_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
