"""Calendar months of UTC, as `2026-11`: what an invoice is called, and when a month is over."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from aggregates.errors import Invalid

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
LAST_YEAR = 9998
"""The month after it must still be a date."""


def month_of(field: str, text: str) -> str:
    """A month as `2026-11`; raises Invalid for anything else."""
    found = MONTH.fullmatch(text)
    if not found or not 1970 <= int(found[1]) <= LAST_YEAR:
        raise Invalid(field, text, "a month as year and month, for example 2026-11")
    return text


def month_bounds(text: str) -> tuple[int, int]:
    """First moment of the month and first moment of the next, ms since 1970 UTC; raises
    Invalid."""
    year, month = (int(part) for part in month_of("month", text).split("-"))
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    first, end = (datetime(*begin, 1, tzinfo=UTC) for begin in ((year, month), after))
    return int(first.timestamp()) * 1000, int(end.timestamp()) * 1000
