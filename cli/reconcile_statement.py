"""An account's statement as a reconciliation reads it: its files, as the options say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec.structs import replace

from audit.reconcile.bank import FAR, BankLine
from audit.reconcile.payouts import LedgerPayout
from cli.imports.deal_map import FileShape
from cli.payments.booked import Find, StatementFile
from cli.payments.camt_statement import camt_statement
from cli.payments.orders import END_TO_END, reference_of
from cli.payments.statement_csv import COLUMNS, statement_csv
from cli.payments.tables import PAYPAL_REFERENCE
from cli.reading import BadOption, moment


def finding(payouts: Iterable[str]) -> Find:
    """References as files state them → payouts: their ids, the shortened ones that payment files
    bear, and both in the capitals that some banks make of them."""
    names: dict[str, str] = {}
    for payout in payouts:
        for reference in (
            payout,
            reference_of(payout, END_TO_END),
            reference_of(payout, PAYPAL_REFERENCE),
        ):
            names.setdefault(reference.upper(), payout)
    exact = {payout: payout for payout in payouts}
    return lambda reference: exact.get(reference) or names.get(reference.upper(), "")


def seen_as(line: BankLine, ours: Mapping[str, LedgerPayout], others: bool) -> BankLine:
    """The line; or what is no matter of this comparison as another booking of the account."""
    is_payment = line.kind in ("paid", "returned") and line.amount is not None
    if not is_payment or (line.payout in ours) or not (line.payout or others):
        return line
    assert line.amount is not None
    return replace(line, kind="other", amount=line.amount * (-1 if line.kind == "paid" else 1))


def read_statement(
    file: Path, columns: dict[str, str], find: Find, shape: FileShape, currency: str
) -> StatementFile:
    """What the file says, XML or CSV by its first sign. `currency`: of a CSV that states none.
    Raises NotAStatementFile, NotABookingList, OSError."""
    content = file.read_bytes()
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        return camt_statement(content, file.name, find)
    return statement_csv(content, file.name, columns, find, shape, currency.upper())


def shape_of(
    delimiter: str, decimal: str, thousands: str, date_format: str, encoding: str
) -> FileShape:
    """How a CSV is written, as the options say; raises BadOption for what cannot be."""
    if len(delimiter) != 1:
        raise BadOption(f"--delimiter {delimiter!r}: expected one character, for example ';'")
    if decimal not in (".", ","):
        raise BadOption(f"--decimal {decimal!r}: expected . or ,")
    if thousands == decimal:
        raise BadOption(f"--thousands {thousands!r}: the same sign as --decimal; leave it out")
    try:
        "".encode(encoding)
    except LookupError:
        raise BadOption(f"--encoding {encoding!r}: expected utf-8, cp1252 or another") from None
    return FileShape(
        date_format=date_format,
        encoding=encoding,
        delimiter=delimiter,
        decimal="," if decimal == "," else ".",
        thousands=thousands,
    )


def columns_of(pairs: list[str]) -> dict[str, str]:
    """`FIELD=COLUMN` → field to column; raises BadOption for a field there is not."""
    columns: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or ours not in COLUMNS:
            raise BadOption(f"--column {pair!r}: expected FIELD=COLUMN; {', '.join(COLUMNS)}")
        columns[ours] = theirs
    return columns


def covered(read: list[StatementFile], since: str, until: str) -> tuple[int, int]:
    """The time in which payouts must be in the files, [from, to) in ms: as asked, else what the
    files cover. Raises BadOption where it ends before it begins."""
    periods = [found for one in read if (found := one.period())]
    starts = min((start for start, _ in periods), default=0)
    ends = max((stop for _, stop in periods), default=FAR)
    starts = moment("--from", since) if since else starts
    ends = moment("--to", until) if until else ends
    if ends <= starts:
        raise BadOption(f"--to {until!r} is not after --from {since!r}")
    return starts, ends
