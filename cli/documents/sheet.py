"""CSV as RFC 4180 has it, that no spreadsheet executes.

A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for
a formula, quoted or not; a customer's name is then a program. Text that begins so gets an
apostrophe before it (OWASP, "CSV Injection"). Numbers are numbers and stay as they are, also
below zero. UTF-8 with a byte order mark, without which Excel reads another encoding.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from cli.money import exponent

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula begins with; full width in the versions for East Asia."""

Cell = str | int | Decimal | None


def sheet(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table as the bytes of a CSV file. Text is made safe; numbers are written in full."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_written(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def safe(text: str) -> str:
    """The text as no spreadsheet reads it as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def number(amount: int, unit: str) -> Decimal:
    """Minor units as a number of whole units, with the decimals the unit has."""
    return Decimal(amount).scaleb(-exponent(unit))


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe(cell)
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
