"""`pledger`: the command line of the ledger.

Each group of commands stands in a module of its own below `cli/` and is added here. These
modules are light: what a command works with (Kafka, ClickHouse, the aggregates) is loaded
when it runs, so that a command answers at once.
"""

from __future__ import annotations

import os
import sys
from typing import Any

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

RUN, SET_UP, DECIDE, PAY = "Run the ledger", "Set up a program", "Decide", "Pay and bill"
LOOK, PROVE = "Look", "Prove and protect"
PANELS = (RUN, SET_UP, DECIDE, PAY, LOOK, PROVE)
"""How `pledger --help` groups the commands, in this order."""


class Pledger(LedgerGroup):
    """The whole command line, listed panel by panel."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of their panels; within one, as they were added."""
        return sorted(
            super().list_commands(ctx),
            key=lambda name: PANELS.index(getattr(self.commands[name], "rich_help_panel", "")),
        )


app = typer.Typer(
    name="pledger",
    cls=Pledger,
    help="A ledger for partner programs: from a click to a proved payout.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

add_system_commands(app, RUN)
app.command(rich_help_panel=RUN)(run_schedule.scheduler)
app.add_typer(warehouse_app, name="warehouse", rich_help_panel=RUN)
app.add_typer(api_keys.app, name="api-keys", rich_help_panel=RUN)
app.command(rich_help_panel=RUN)(demo)

app.add_typer(programs.app, name="programs", rich_help_panel=SET_UP)
app.add_typer(terms.app, name="terms", rich_help_panel=SET_UP)
app.add_typer(agreements.app, name="agreements", rich_help_panel=SET_UP)
app.add_typer(partners.app, name="partners", rich_help_panel=SET_UP)
app.add_typer(links.app, name="links", rich_help_panel=SET_UP)
app.add_typer(coupons.app, name="coupons", rich_help_panel=SET_UP)
app.add_typer(rates.app, name="rates", rich_help_panel=SET_UP)
app.add_typer(importing.app, name="import", rich_help_panel=SET_UP)
partner_ties.add_commands(partners.app)
payment_details.add_commands(partners.app, programs.app)
personal_fields.add_commands(programs.app)

app.add_typer(registrations.app, name="registrations", rich_help_panel=DECIDE)
app.add_typer(commissions.app, name="commissions", rich_help_panel=DECIDE)
app.add_typer(contests.app, name="contests", rich_help_panel=DECIDE)
app.add_typer(accounts.app, name="accounts", rich_help_panel=DECIDE)

app.add_typer(payouts.app, name="payouts", rich_help_panel=PAY)
app.add_typer(  # as it was called first
    payouts.app, name="payout", hidden=True, rich_help_panel=PAY
)
app.add_typer(runs.app, name="runs", rich_help_panel=PAY)
app.add_typer(invoices.app, name="invoices", rich_help_panel=PAY)

app.command(rich_help_panel=LOOK)(balance)
app.command(rich_help_panel=LOOK)(statement)
app.command(rich_help_panel=LOOK)(explain)
app.command(rich_help_panel=LOOK)(corrections)
app.add_typer(conversions.app, name="conversions", rich_help_panel=LOOK)
app.command(rich_help_panel=LOOK)(trail)
add_warehouse_commands(app, LOOK)

audit_app.command("invoice")(audit_invoice)
audit_app.command("run")(audit_run)
app.add_typer(audit_app, name="audit", rich_help_panel=PROVE)
app.command(rich_help_panel=PROVE)(replay)
app.command(rich_help_panel=PROVE)(verify)
app.add_typer(checkpoint.app, name="checkpoint", rich_help_panel=PROVE)
app.add_typer(signing_keys.app, name="signing-keys", rich_help_panel=PROVE)
app.add_typer(reconcile.app, name="reconcile", rich_help_panel=PROVE)
app.command(rich_help_panel=PROVE)(forget)


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
