"""`pledger balance`: what a partner is owed now, from the warehouse, a moment behind the log."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, Column, money, show, text
from cli.ledger import rows, warehouse
from cli.system import Home, settings_of

Partner = Annotated[str, typer.Argument(help="The partner's id.")]
Program = Annotated[str, typer.Option(help="Only one program.")]

BALANCES = """
SELECT partner, program, unit, pending, available, payable, in_transit, paid, entries, newest
FROM partner_balances
WHERE partner = {partner:String} AND ({program:String} = '' OR program = {program:String})
ORDER BY program, unit
"""


def balance(
    partner: Partner, program: Program = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Show what a partner is owed, by program and currency.

    Examples:

        pledger balance jane

        pledger balance jane --program acme --json
    """
    with warehouse(settings_of(home)) as client:
        found = rows(client, BALANCES, partner=partner, program=program)
    columns = [
        text("program", "program"),
        money("pending", "pending"),
        money("available", "available"),
        money("in transit", "in_transit"),
        money("paid", "paid"),
        Column("newest entry", lambda row: f"{row['newest']:%Y-%m-%d %H:%M:%S}"),
    ]
    show(found, columns, as_json=as_json, empty=f"nothing is booked for partner {partner}")
