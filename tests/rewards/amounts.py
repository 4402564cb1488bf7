"""Amounts and times as the tables write them.

Money stands in the major unit of its currency (`100.00` EUR, `100` JPY, `100.000` KWD); a
program's own units (`acme:points`) are whole numbers. A time is a day after 2026-01-01 with
an optional hour (`3`, `3h12`), or a date (`02-15` of 2026, `2027-01-31`, `02-15h12`).
"""

from __future__ import annotations

from datetime import UTC, datetime

from events.currencies import decimals, is_currency
from tests.projections.world import DAY, START

HOUR = DAY // 24


def places(unit: str) -> int:
    """Decimals of a unit as the tables show it."""
    return decimals(unit) if is_currency(unit) else 0


def minor(text: str, unit: str = "EUR") -> int:
    """Minor units of `-12.5`; raises ValueError for more decimals than the unit has."""
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("+-").partition(".")
    digits = places(unit)
    if len(part) > digits:
        raise ValueError(f"{text} {unit}: {digits} decimals expected")
    return sign * int(whole + part.ljust(digits, "0"))


def major(amount: int, unit: str = "EUR", sign: str = "") -> str:
    """`12.50` of 1250 minor units; `sign` stands before what is not negative."""
    digits = places(unit)
    text = str(abs(amount)).rjust(digits + 1, "0")
    shown = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"{'-' if amount < 0 else sign}{shown}"


def rate(text: str) -> int:
    """Basis points of `12.5%`."""
    return minor(text.rstrip("%"))


def time(text: str) -> int:
    """Milliseconds since 1970 UTC."""
    day, _, hour = text.strip().partition("h")
    if "-" in day:
        date = datetime.fromisoformat(day if day.count("-") == 2 else f"2026-{day}")
        start = int(date.replace(tzinfo=UTC).timestamp()) * 1000
    else:
        start = START + int(day) * DAY
    return start + int(hour or 0) * HOUR
