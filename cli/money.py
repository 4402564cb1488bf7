"""Money as people read it, and back: minor units with the currency's own exponent.

    shown(123456, "GBP")  →  "1,234.56 GBP"      minor_units(Decimal("12.5"), "JPY")  →  error

The exponent is ISO 4217's, which says what a minor unit is. (Babel's, from CLDR, says how
many digits people in the country still bother to write: 0 for the Iraqi dinar, whose minor
unit is a thousandth.) A unit that is no currency (`acme:credit`) has no minor unit.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from babel.numbers import format_decimal

from events.currencies import exponent
from projections.money import plain

__all__ = ["NotMinorUnits", "Rounding", "exponent", "minor_units", "plain", "shown"]

Rounding = Literal["refuse", "half_away_from_zero"]


class NotMinorUnits(ValueError):
    """An amount finer than its currency's minor unit."""


def shown(amount: int, unit: str) -> str:
    """`amount` minor units of `unit`, grouped, followed by the unit: `-1,234.56 GBP`."""
    digits = exponent(unit)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(Decimal(amount).scaleb(-digits), format=pattern, locale="en_US")
    return f"{text} {unit}".rstrip()


def minor_units(amount: Decimal, unit: str, rounding: Rounding = "refuse") -> int:
    """`amount` in whole units of `unit` as integer minor units.

    Raises NotMinorUnits for an amount that is finer than the minor unit, unless
    `rounding` says that it may be rounded.
    """
    digits = exponent(unit.upper())  # as people type it; a currency in lower case is refused later
    scaled = amount.scaleb(digits)
    whole = scaled.to_integral_value(ROUND_HALF_UP)  # half away from zero, in decimal's words
    if whole != scaled and rounding == "refuse":
        raise NotMinorUnits(
            f"{amount} {unit} is finer than the minor unit (expected at most {digits} "
            'digits after the decimal sign); allow rounding in the map: rounding = "half_away_'
            'from_zero"'
        )
    return int(whole)
