"""Money: integers in minor units, and the one rounding rule of the ledger.

Every amount is exact until the last step, and there it is rounded once: half away from
zero, the rule merchants know (0.5 cent is a cent, −0.5 cent is minus a cent). Python's
own `round` is half to even, and floats are not exact; neither is used.
"""

from __future__ import annotations

from events.currencies import exponent

BASIS_POINTS = 10_000
"""A whole, in basis points."""


def round_half_away(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest integer, halves away from zero.

    Raises ValueError unless `denominator` is positive.
    """
    if denominator <= 0:
        raise ValueError(f"denominator {denominator}: expected a positive integer")
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -magnitude if numerator < 0 else magnitude


def plain(amount: int, unit: str) -> str:
    """`amount` minor units of `unit` in major units, as `-1234.56`; a program's own units are
    whole."""
    places = exponent(unit)
    digits = str(abs(amount)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if amount < 0 else text
