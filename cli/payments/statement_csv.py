"""An account's bookings from CSV, with a heading line; the columns are named by their maker.

    Date;Purpose;Amount;Currency
    24.11.2026;po-2026-11-jane;-12,50;EUR

A debit is below zero. With a column of the status, its words decide instead of the sign.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from audit.reconcile.bank import BankLine, LineKind
from cli.imports.deal_map import FileShape
from cli.imports.map_fields import NotANumber, moment, number
from cli.money import NotMinorUnits, minor_units
from cli.payments.booked import DAY_MS, Find, StatementFile
from cli.payments.status_table import OUTCOMES
from cli.payments.told import Outcome
from cli.reading import BadOption

COLUMNS = ("payout", "amount", "currency", "date", "status", "fee", "reason", "reference")
NEEDED = ("payout", "amount")
WORD = re.compile(r"[^\s,;:/|()\[\]]+")
KINDS: Mapping[Outcome, LineKind] = {
    Outcome.BOOKED: "paid",
    Outcome.RETURNED: "returned",
    Outcome.WAITING: "waiting",
}


class NotABookingList(BadOption):
    """A table that cannot be read; says the line, the column and what was expected."""


def statement_csv(
    content: bytes,
    name: str,
    columns: Mapping[str, str],
    find: Find,
    shape: FileShape,
    currency: str = "",
) -> StatementFile:
    """What the file says. `columns`: our name of a column → the file's; `currency`: of all
    lines, where the file does not say. Raises NotABookingList."""
    try:
        encoding = "utf-8-sig" if shape.encoding.lower() in {"utf-8", "utf8"} else shape.encoding
        text = content.decode(encoding)
    except UnicodeDecodeError as problem:
        raise NotABookingList(
            f"{name}: not {shape.encoding}: {problem.reason} at byte {problem.start}; --encoding "
            "names another, for example cp1252"
        ) from None
    lines = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=shape.delimiter, quotechar=shape.quote
    )
    heading = {(title or "").strip().lower(): title for title in lines.fieldnames or ()}
    found = {ours: heading.get(columns.get(ours, ours).lower()) for ours in COLUMNS}
    wanted = {*NEEDED, *columns} | (set() if currency else {"currency"})
    missing = [columns.get(ours, ours) for ours in COLUMNS if ours in wanted and not found[ours]]
    if missing:
        raise NotABookingList(
            f"{name}: no column {', '.join(missing)}; it has {', '.join(heading) or 'none'}. "
            "Name them by --column, for example --column payout=Purpose; --delimiter ';' where "
            "semicolons part them; --currency EUR where all lines are in one"
        )
    file = StatementFile(name)
    for line in lines:
        cells = {
            ours: (line.get(title) or "").strip() if title else "" for ours, title in found.items()
        }
        file.lines += _lines(name, lines.line_num, cells, find, shape, currency)
    return file


def _lines(
    name: str, number_of_line: int, cells: dict[str, str], find: Find, shape: FileShape,
    currency: str,
) -> Iterator[BankLine]:  # fmt: skip
    where = f"{name}:{number_of_line}"
    unit = cells["currency"].upper() or currency
    amount = _minor(where, "amount", cells["amount"], unit, shape)
    payout = _named(cells["payout"], find)
    kind = _kind(where, cells["status"], amount, payout)
    yield BankLine(
        where,
        name,
        kind,
        unit,
        amount if kind == "other" else abs(amount),
        payout,
        cells["payout"],
        cells["reference"],
        _day(where, cells["date"], shape),
        cells["reason"],
    )
    if cells["fee"] and (fee := _minor(where, "fee", cells["fee"], unit, shape)):
        yield BankLine(where, name, "fee", unit, abs(fee), note="charges")


def _kind(where: str, status: str, amount: int, payout: str) -> LineKind:
    if status:
        outcome = OUTCOMES.get(status.lower())
        if outcome is None:
            known = ", ".join(sorted(OUTCOMES))
            raise NotABookingList(f"{where}: status {status!r}: expected one of {known}")
        return KINDS[outcome]
    if amount < 0:
        return "paid"
    return "returned" if payout else "other"


def _named(text: str, find: Find) -> str:
    """The payout that a cell names: all of it, or a word of it."""
    return find(text) or next((found for word in WORD.findall(text) if (found := find(word))), "")


def _minor(where: str, column: str, text: str, unit: str, shape: FileShape) -> int:
    try:
        exact: Decimal = number(text.replace("\u2212", "-"), shape)
        return minor_units(exact, unit)
    except (NotANumber, NotMinorUnits) as problem:
        said = str(problem).partition(";")[0]
        raise NotABookingList(f"{where}: {column}: {said}") from None


def _day(where: str, text: str, shape: FileShape) -> int:
    if not text:
        return 0
    try:
        at = moment(text, shape)
    except ValueError:
        today = datetime.now(UTC).date()
        raise NotABookingList(
            f"{where}: date {text!r}: expected ISO 8601, as {today}; --date-format names another, "
            "for example %d.%m.%Y"
        ) from None
    return at - at % DAY_MS
