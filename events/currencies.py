"""Minor units: how many digits of a currency stand after the decimal sign.

ISO 4217 says what a minor unit is. (CLDR says how many digits people in the country still
bother to write: 0 for the Iraqi dinar, whose minor unit is a thousandth.) A unit that is no
currency (`acme:credit`) has no minor unit.
"""

from __future__ import annotations

NO_MINOR_UNIT = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
TEN_THOUSANDTHS = ("CLF", "UYW")
EXPONENTS = {
    **dict.fromkeys(NO_MINOR_UNIT, 0),
    **dict.fromkeys(THOUSANDTHS, 3),
    **dict.fromkeys(TEN_THOUSANDTHS, 4),
}
"""ISO 4217: digits after the decimal sign, where they are not two."""


def exponent(unit: str) -> int:
    """Digits after the decimal sign of `unit`; 0 for a unit that is no currency."""
    if len(unit) != 3 or not unit.isalpha():
        return 0
    return EXPONENTS.get(unit.upper(), 2)
