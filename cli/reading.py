"""Options as people write them: money, rates, days and moments.

12.50 GBP → 1250 minor units       10% → 1000 basis points       2025-03-01 → ms, UTC
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from cli.money import NotMinorUnits, minor_units

BASIS_POINTS_A_PERCENT = 100
MOST_DIGITS = 16
"""Larger numbers are mistakes."""


WRITTEN = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?", re.ASCII)
"""A number as people write it. A comma stands between thousands only: `5,00` is five to some
and five hundred to others."""


class BadOption(ValueError):
    """An option that cannot be read; says which and what was expected."""


def amount(option: str, text: str, unit: str) -> int:
    """Minor units of `text`, an amount of `unit` such as `1,234.56`. Raises BadOption."""
    try:
        return minor_units(_number(text), unit)
    except InvalidOperation:
        raise BadOption(
            f"{option} {text!r}: expected an amount such as 12.50 or 1,234.50"
        ) from None
    except NotMinorUnits as problem:
        raise BadOption(f"{option} {text!r}: {str(problem).partition(';')[0]}") from None


def basis_points(option: str, text: str) -> int:
    """Basis points of a rate such as `12.5%`. Raises BadOption."""
    try:
        points = _number(text.rstrip("% ")) * BASIS_POINTS_A_PERCENT
    except InvalidOperation:
        raise BadOption(f"{option} {text!r}: expected a rate such as 12.5%") from None
    if points != int(points):
        raise BadOption(f"{option} {text!r}: finer than a basis point (0.01%)")
    return int(points)


def _number(text: str) -> Decimal:
    """A number people mean; raises InvalidOperation for others: `5,00`, `1e3`, `NaN`."""
    text = text.strip()
    if not WRITTEN.fullmatch(text):
        raise InvalidOperation
    number = Decimal(text.replace(",", ""))
    if number.adjusted() >= MOST_DIGITS:
        raise InvalidOperation
    return number


def moment(option: str, text: str) -> int:
    """Milliseconds since 1970 UTC of an ISO 8601 date or time; UTC unless it says otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(
            f"{option} {text!r}: expected ISO 8601, for example 2025-03-01 or 2025-03-01T09:30:00Z"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def iso(ms: int) -> str:
    """ISO 8601 UTC of milliseconds; empty for 0."""
    if not ms:
        return ""
    at = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    text = at.isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")
