"""The answer to a what-if in the warehouse, for BI: view `what_if`, a name for each answer.

The rows are written first, then the line that makes them the newest answer of their name: who
reads the view sees the old answer or the new one, whole. Then the old rows go.
"""

from __future__ import annotations

import re
import time

import msgspec

from audit.what_if.answer import WhatIf
from cli.ledger import warehouse
from cli.reading import BadOption
from events.settings import Settings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
AMOUNTS = (
    "run", "answered_at", "program", "partner", "kind", "rule", "unit", "actual", "what_if",
    "deals", "what_if_deals", "moved_deals",
)  # fmt: skip
ANSWERS = ("run", "answered_at", "asked", "conversions")


def check_name(name: str) -> None:
    """Raises BadOption for a name that is none."""
    if not NAME.fullmatch(name):
        raise BadOption(
            f"--to-warehouse {name!r}: expected letters, digits, '.', '_' and '-', 100 at most"
        )


def write_answer(settings: Settings, name: str, answer: WhatIf) -> None:
    """Put the answer in the place of the one that bore this name."""
    at = time.time_ns() // 1_000_000
    amounts = [
        [
            name, at, one.program, one.partner, one.kind, one.rule, one.unit, one.actual,
            one.what_if, one.deals, one.what_if_deals, one.moved,
        ]
        for one in answer.rows
    ]  # fmt: skip
    asked = msgspec.json.encode(answer.asked).decode()
    with warehouse(settings) as client:
        newest = client.command(
            "SELECT max(answered_at) FROM what_if_answers WHERE run = {run:String}",
            parameters={"run": name},
        )
        at = max(at, int(str(newest)) + 1)  # a clock that was set back hides no answer
        for row in amounts:
            row[1] = at
        if amounts:
            client.insert("what_if_amounts", amounts, column_names=list(AMOUNTS))
        row = [name, at, asked, answer.conversions]
        client.insert("what_if_answers", [row], column_names=list(ANSWERS))
        for table in ("what_if_amounts", "what_if_answers"):
            client.command(
                f"ALTER TABLE {table} DELETE "
                "WHERE run = {run:String} AND answered_at < {at:Int64}",
                parameters={"run": name, "at": at},
            )
