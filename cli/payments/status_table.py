"""The status of payments from CSV, with a heading line.

    payout,status,amount,currency,reason,reference
    r1-jane,paid,12.50,EUR,,TX-77
    r1-omar,returned,8.00,EUR,account closed,TX-78

`payout` is the end-to-end id or the payout's own. Other names of the columns can be given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from cli.payments.told import Outcome, Told, money
from cli.reading import BadOption

WORDS = {
    Outcome.BOOKED: ("booked", "paid", "settled", "completed", "success", "succeeded", "sent out"),
    Outcome.RETURNED: (
        *("returned", "failed", "rejected", "refunded", "reversed", "denied", "blocked"),
        *("bounced back", "bounced", "canceled", "cancelled"),
    ),
    Outcome.WAITING: ("pending", "processing", "unclaimed", "onhold", "on hold", "sent", "new"),
}
"""Outcome → how banks and providers call it."""
OUTCOMES = {word: outcome for outcome, words in WORDS.items() for word in words}

COLUMNS = ("payout", "status", "amount", "currency", "reason", "reference")
NEEDED = COLUMNS[:4]


class NotAStatus(BadOption):
    """A table that cannot be read; says the line, the column and what was expected."""


def status_table(content: bytes, name: str, columns: Mapping[str, str]) -> Iterator[Told]:
    """What the file tells of payments. `columns`: our name of a column → the file's.
    Raises NotAStatus."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise NotAStatus(f"{name}: not UTF-8: {problem.reason} at byte {problem.start}") from None
    lines = csv.DictReader(io.StringIO(text, newline=""))
    heading = {(title or "").strip().lower(): title for title in lines.fieldnames or ()}
    found = {ours: heading.get(columns.get(ours, ours).lower()) for ours in COLUMNS}
    missing = [columns.get(ours, ours) for ours in NEEDED if found[ours] is None]
    if missing:
        raise NotAStatus(
            f"{name}: no column {', '.join(missing)}; it has {', '.join(heading) or 'none'}. "
            "Name them by --column, for example --column payout=Reference"
        )
    return _lines(lines, name, found)


def _lines(lines: csv.DictReader[str], name: str, found: dict[str, str | None]) -> Iterator[Told]:
    for line in lines:
        where = f"{name}, line {lines.line_num}"

        def cell(ours: str, line: dict[str, str] = line) -> str:
            title = found[ours]
            return (line.get(title) or "").strip() if title is not None else ""

        status = cell("status").lower()
        if status not in OUTCOMES:
            known = ", ".join(sorted(OUTCOMES))
            raise NotAStatus(f"{where}: status {cell('status')!r}: expected one of {known}")
        currency = cell("currency").upper()
        yield Told(
            where,
            cell("payout"),
            OUTCOMES[status],
            money(cell("amount").replace(",", ""), currency),
            currency,
            cell("reason"),
            cell("reference"),
        )
