"""Rates, amounts and times of terms as people write them, and back.

    "12.5%"  ↔ 1250 basis points        "5.00"  ↔ 500 minor units of EUR, "5 JPY" ↔ 5
    "2026-11-01" ↔ milliseconds since 1970 UTC

Integers stand for what the log holds: basis points, minor units, milliseconds. All raise
`Invalid`; none guesses: "5,00" is refused, since some read it as five hundred.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from aggregates.errors import Invalid
from events.currencies import exponent, is_currency

RATE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?) ?%", re.ASCII)
AMOUNT = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d{1,16})(\.\d{1,9})?(?: ([A-Z]{3}|[^\s:]+:[^\s:]+))?", re.ASCII
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_MS = 10**11
"""1973 in milliseconds; a smaller number is taken for seconds, and refused."""
MS = timedelta(milliseconds=1)


def rate(path: str, value: object) -> object:
    """Basis points of "12.5%"; what is no text stays, for the checks to judge."""
    if not isinstance(value, str):
        return _whole(path, value, 'basis points, or a rate such as "12.5%"')
    found = RATE.fullmatch(value.strip())
    if not found:
        raise Invalid(path, value, 'a rate such as "12.5%", or basis points without quotes')
    points = Decimal(found[1]) * 100
    if points != points.to_integral_value():
        raise Invalid(path, value, "no finer than a basis point (0.01%)")
    return int(points)


def money(path: str, value: object, unit: str | None) -> object:
    """Minor units of "5.00" or "5.00 EUR". `unit`: "" where the program's currency is not
    known, None where the amount is of any unit."""
    if not isinstance(value, str):
        return _whole(path, value, 'minor units, or an amount in quotes such as "5.00"')
    found = AMOUNT.fullmatch(value.strip())
    if not found:
        raise Invalid(path, value, 'an amount such as "5.00", or minor units without quotes')
    if unit is None:
        raise Invalid(path, value, "minor units without quotes, or a `unit` beside it")
    whole, fraction, named = found[1].replace(",", ""), found[2] or "", found[3] or ""
    if unit and named and named != unit:
        raise Invalid(path, value, f"an amount of {unit}; another unit is named by its own key")
    unit = unit or named
    if not unit:
        raise Invalid(path, value, 'an amount with its currency, such as "5.00 EUR"')
    if not is_currency(unit) and ":" not in unit:
        raise Invalid(path, value, f"an amount of a known unit; {unit!r} is none")
    digits = exponent(unit)
    scaled = Decimal(whole + fraction).scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise Invalid(path, value, f"at most {digits} digits after the point for {unit}")
    return int(scaled)


def moment(path: str, value: object) -> object:
    """Milliseconds since 1970 UTC of an ISO 8601 text or a date; UTC unless it says otherwise."""
    if type(value) is int and 0 < value < LEAST_MS:
        raise Invalid(path, value, "milliseconds since 1970 UTC; this is a time before 1973")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            expected = 'ISO 8601, for example "2026-11-01" or "2026-11-01T09:30:00Z"'
            raise Invalid(path, value, expected) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime):
        at = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (at - EPOCH) // MS
    return _whole(path, value, 'ISO 8601, for example "2026-11-01", or milliseconds since 1970')


def rate_text(points: int) -> str:
    """`12.5%`."""
    return f"{(Decimal(points) / 100).normalize():f}%"


def money_text(amount: int, unit: str) -> str:
    """`5.00`, of a currency's minor units."""
    return f"{Decimal(amount).scaleb(-exponent(unit)):f}"


def moment_text(milliseconds: int) -> str:
    """ISO 8601 UTC."""
    at = EPOCH + milliseconds * MS
    text = at.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def _whole(path: str, value: object, expected: str) -> object:
    if type(value) is not int:
        raise Invalid(path, value, expected)
    return value
