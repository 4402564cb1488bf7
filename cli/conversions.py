"""`pledger conversions`: what came in, who was credited for it, or why nobody."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.display import AsJson, Column, money, show, text
from cli.ledger import rows, warehouse
from cli.money import shown
from cli.system import Home, settings_of

OUTCOMES = "credited, unattributed, refunded, unmatched, duplicate, conflict, unreadable"

CONVERSIONS = """
SELECT source, occurred, kind, outcome, reason, program, customer, event_id, deal, amount,
       currency, unmatched,
       arrayStringConcat(arrayMap(c -> concat(c.partner, ' by ', c.method), credits), ', ')
           AS credited
FROM attributions FINAL
WHERE ({outcome:String} = '' OR outcome = {outcome:String}
       OR ({outcome:String} = 'unmatched' AND unmatched > 0))
  AND ({program:String} = '' OR program = {program:String})
  AND ({customer:String} = '' OR customer = {customer:String})
ORDER BY recorded_at, source LIMIT {limit:UInt32}
"""


def conversions(
    outcome: Annotated[str, typer.Option(help=f"Only these: {OUTCOMES}.")] = "",
    program: Annotated[str, typer.Option(help="Only of this program.")] = "",
    customer: Annotated[str, typer.Option(help="Only of this customer.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List signups, deals and refunds with what became of each.

    Examples:

        pledger conversions --program shop --outcome unmatched

        pledger conversions --customer customer-0042
    """
    if outcome and outcome not in OUTCOMES.split(", "):
        raise typer.BadParameter(f"expected one of {OUTCOMES}", param_hint="--outcome")
    with warehouse(settings_of(home)) as client:
        found = rows(
            client,
            CONVERSIONS,
            outcome=outcome,
            program=program,
            customer=customer,
            limit=limit,
        )
    columns = [
        Column("occurred", lambda row: f"{row['occurred']:%Y-%m-%d %H:%M}"),
        text("kind", "kind"),
        text("event", "event_id"),
        text("customer", "customer"),
        money("amount", "amount", "currency"),
        Column("outcome", _outcome),
        text("credited", "credited"),
        text("record", "source"),
    ]
    show(found, columns, as_json=as_json, empty="no such conversions")


def _outcome(row: Any) -> str:
    said = str(row["outcome"])
    if row["reason"]:
        said += f": {row['reason']}"
    if row["outcome"] == "refunded" and row["unmatched"]:
        said += f" ({shown(row['unmatched'], row['currency'])} match nothing)"
    return said
