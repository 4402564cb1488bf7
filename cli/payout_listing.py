"""`pledger payouts list` and `show`: how payouts stand."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import typer

from cli.display import AsJson, Column, print_json, show, text
from cli.ledger import decisions, rows, warehouse
from cli.money import shown
from cli.reading import BadOption
from cli.system import Home, settings_of
from events.decisions import PayoutStatus

STATUSES = get_args(PayoutStatus)

LISTING = """
SELECT payout, program, partner, unit, requested, amount, status, reason, reference, entry, run,
    requested_by, approved_by, requested_on, funded_on, sent_on, ended_on
FROM payouts
WHERE ({partner:String} = '' OR partner = {partner:String})
  AND ({program:String} = '' OR program = {program:String})
  AND ({status:String} = '' OR status = {status:String})
  AND ({run:String} = '' OR run = {run:String})
ORDER BY requested_on, payout
"""


def add_commands(app: typer.Typer) -> None:
    """Add `list` and `show`."""
    app.command("list")(list_payouts)
    app.command("show")(show_payout)


def list_payouts(
    partner: Annotated[str, typer.Option(help="Only those of one partner.")] = "",
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    status: Annotated[str, typer.Option(help=f"Only these: {', '.join(STATUSES)}.")] = "",
    run: Annotated[str, typer.Option(help="Only those of one run.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List payouts, from the warehouse.

    Example:

        pledger payouts list --partner jane
    """
    if status and status not in STATUSES:
        raise BadOption(f"--status {status!r}: expected one of {', '.join(STATUSES)}")
    with warehouse(settings_of(home)) as client:
        found = rows(client, LISTING, partner=partner, program=program, status=status, run=run)
    columns = [
        text("payout", "payout"),
        text("partner", "partner"),
        text("program", "program"),
        Column("requested", _requested, right=True),
        Column("amount", _amount, right=True),
        text("status", "status"),
        Column("note", lambda row: str(row["reason"] or row["reference"])),
        Column("requested on", lambda row: f"{row['requested_on']:%Y-%m-%d %H:%M}"),
    ]
    show(found, columns, as_json=as_json, empty="no payouts")


def show_payout(
    payout: Annotated[str, typer.Argument(help="The payout's id.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show one payout as it stands now, from its decisions.

    Example:

        pledger payouts show po-1
    """
    with decisions(settings_of(home)) as ledger:
        found = facts(ledger.payout(payout))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if name in ("requested", "amount"):
            value = shown(value, found["unit"]) if value else "all" if name == "requested" else ""
        if value:
            typer.echo(f"{name:<18} {value}")


def facts(payout: Any) -> dict[str, Any]:
    """A payout's aggregate as plain facts; amounts in minor units of `unit`."""
    return {
        "payout": payout.payout,
        "program": payout.program,
        "partner": payout.partner,
        "unit": payout.unit,
        "requested": payout.requested_amount,
        "amount": payout.amount,
        "status": payout.status,
        "reason": payout.reason,
        "run": payout.run,
        "requested_by": payout.requested_by,
        "approved_by": payout.approved_by,
        "sent_reference": payout.sent_reference,
        "settled_reference": payout.settled_reference,
        "entry": payout.entry,
    }


def _requested(row: Any) -> str:
    return shown(row["requested"], row["unit"]) if row["requested"] else "all available"


def _amount(row: Any) -> str:
    return shown(row["amount"], row["unit"]) if row["funded_on"] else ""
