"""What the demo prints of the warehouse: balances and views, as a BI tool would ask."""

from __future__ import annotations

from typing import Any

import clickhouse_connect
from rich.console import Console
from rich.table import Table

from events.settings import Settings

VIEWS = {
    "clicks, by validity": """
        SELECT program, partner, countIf(empty(invalid)) AS valid,
               countIf(has(invalid, 'bot')) AS bots,
               countIf(has(invalid, 'prefetch')) AS prefetches,
               countIf(has(invalid, 'head_request')) AS head_requests
        FROM clicks FINAL GROUP BY program, partner ORDER BY count() DESC LIMIT 8""",
    "program_funnel": """
        SELECT program, valid_clicks, invalid_clicks, signups, deals, refunds, unmatched_refunds
        FROM program_funnel ORDER BY program""",
    "partner_balances": """
        SELECT partner, program, unit, pending, available, in_transit, paid
        FROM partner_balances ORDER BY payable + paid DESC LIMIT 8""",
    "trial_balance": """
        SELECT unit, commissions, payable, in_transit, paid, balance, legs
        FROM trial_balance ORDER BY unit""",
}

BALANCES = """
    SELECT partner, program, unit, pending, available, payable, in_transit, paid
    FROM partner_balances ORDER BY partner, program, unit"""


def ask(found: Settings, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query to the warehouse."""
    warehouse = found.warehouse
    client = clickhouse_connect.get_client(
        host=warehouse.host,
        port=warehouse.port,
        username=warehouse.username,
        password=warehouse.password,
        database=warehouse.database,
        secure=warehouse.secure,
    )
    try:
        answer = client.query(query)
        return list(answer.column_names), [tuple(row) for row in answer.result_rows]
    finally:
        client.close()


def balances(found: Settings) -> list[tuple[Any, ...]]:
    return ask(found, BALANCES)[1]


def best_paid(found: Settings, program: str) -> tuple[str, str]:
    """Partner and unit with most available in `program`."""
    query = f"""
        SELECT partner, unit FROM partner_balances WHERE program = '{program}'
        ORDER BY available DESC LIMIT 1"""
    [(partner, unit)] = ask(found, query)[1]
    return str(partner), str(unit)


def show_views(console: Console, found: Settings) -> None:
    for title, query in VIEWS.items():
        names, rows = ask(found, query)
        table = Table(title=title)
        for place, name in enumerate(names):
            numeric = bool(rows) and isinstance(rows[0][place], int)
            table.add_column(name, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(f"{v:,}" if isinstance(v, int) else str(v) for v in row))
        console.print(table)
