"""Currencies: how many decimals the minor unit of each has (ISO 4217).

Written down here, and not asked of a library, because folds rest on it: an amount that was
booked must stay what it was, whatever a later release of a library says. A test holds the
table against one.
"""

from __future__ import annotations

import re

CODE = re.compile(r"[A-Z]{3}")

NO_DECIMALS = frozenset(
    (
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    )
)
THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
FOUR_DECIMALS = frozenset(("CLF", "UYW"))


def is_currency(unit: str) -> bool:
    """Whether a unit is money; the others are a program's own, as `acme:credit`."""
    return CODE.fullmatch(unit) is not None


def decimals(currency: str) -> int:
    """Decimals of the currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in NO_DECIMALS:
        return 0
    if currency in THREE_DECIMALS:
        return 3
    return 4 if currency in FOUR_DECIMALS else 2


def exponent(unit: str) -> int:
    """Digits after the decimal sign of an amount of `unit`: its decimals where it is money; a
    program's own units are whole."""
    return decimals(unit) if is_currency(unit) else 0
