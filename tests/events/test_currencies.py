"""Our table of currencies against the list that ISO 4217's maintenance agency publishes."""

from __future__ import annotations

import pytest
from iso4217 import Currency

from events.currencies import (
    FOUR_DECIMALS,
    NO_DECIMALS,
    THREE_DECIMALS,
    decimals,
    is_currency,
)

LISTED = [currency for currency in Currency if currency.exponent is not None]
"""All but gold, funds and the like, which have no minor unit."""


@pytest.mark.parametrize("currency", LISTED, ids=lambda currency: currency.code)
def test_a_currency_has_the_decimals_of_the_standard(currency: Currency) -> None:
    assert decimals(currency.code) == currency.exponent


def test_the_table_names_no_currency_that_there_is_not() -> None:
    codes = {currency.code for currency in LISTED}
    assert codes >= NO_DECIMALS | THREE_DECIMALS | FOUR_DECIMALS
    assert len(codes) > 150, "the library's list is whole"


def test_a_programs_own_unit_is_no_currency() -> None:
    assert is_currency("EUR")
    assert not is_currency("acme:credit")
