"""Rates of exchange that a source published for one day.

    set ── set ── …     with other rates: a correction

What was booked keeps the rates it was booked with: a correction is known from its place in
the log, like every decision. The same rates again add nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date as calendar_date
from decimal import Decimal

from babel.numbers import list_currencies
from eventsourcing.domain import event

from aggregates.checks import slug_of
from aggregates.decision import DecisionSeries
from aggregates.errors import Invalid

RATE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
"""A decimal as people write it: no sign, no exponent, no white space."""


CURRENCIES = frozenset(list_currencies())
"""Those of ISO 4217, now or formerly: sources publish rates for past days too."""


class Rates(DecisionSeries):
    """What one `base` is in other currencies, by one source, for one day."""

    TOPIC = "rates"

    @staticmethod
    def create_id(source: str, date: str) -> str:
        return f"rates:{slug_of('source', source)}/{day_of('date', date)}"

    def __init__(self) -> None:
        self.base = ""
        self.rates: dict[str, str] = {}

    def publish(
        self, source: str, date: str, base: str, rates: Mapping[str, str], by: str = ""
    ) -> None:
        """Set them, or correct what was set. `rates`: currency → exact decimal."""
        checked = checked_rates(base, rates)
        if (base, values(checked)) != (self.base, values(self.rates)):
            self._set(source, date, base, checked, by)

    @event("Set", topic="rates.set")
    def _set(self, source: str, date: str, base: str, rates: dict[str, str], by: str) -> None:
        self.base = base
        self.rates = rates


def day_of(field: str, text: str) -> str:
    """A day of the calendar, as 2026-11-20 (ISO 8601)."""
    try:
        day = calendar_date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Invalid(field, text, "a day as 2026-11-20")
    return text


def checked_rates(base: str, rates: Mapping[str, str]) -> dict[str, str]:
    """The rates by currency, in the order of the alphabet."""
    if base not in CURRENCIES:
        raise Invalid("base", base, "an ISO 4217 currency code in upper case, for example EUR")
    if not rates:
        raise Invalid("rates", dict(rates), "at least one currency and its rate")
    for currency, rate in rates.items():
        field = f"rates[{currency}]"
        if currency == base or currency not in CURRENCIES:
            raise Invalid(field, rate, f"a rate of an ISO 4217 currency other than {base}")
        if not isinstance(rate, str) or not RATE.fullmatch(rate) or not Decimal(rate):
            raise Invalid(field, rate, "a decimal above 0 as text, for example '1.0850'")
    return dict(sorted(rates.items()))


def values(rates: Mapping[str, str]) -> dict[str, Decimal]:
    """The rates as numbers: 1.50 is 1.5."""
    return {currency: Decimal(rate) for currency, rate in rates.items()}
