"""Rates of exchange, by the day they were published for and the decision that set them.

A deal is converted at the newest rates published for its day or one before it, up to
`MAX_AGE_DAYS` back: banks publish none on holidays. A pair a table does not name is
crossed by the table's own base, exactly, as a fraction.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct

from events.decisions import RatesSet
from events.journal import Rate
from projections.days import DAY_MS
from projections.views import RateView

MAX_AGE_DAYS = 10
"""Rates older than this before the day of the deal are not used."""

DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
DAYS_BEFORE_1970 = 719_468
"""From the first of March of year 0."""
DECIMAL = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
CACHED_RATES = 10_000


class RateTable(Struct, frozen=True):
    """The rates of one decision: one `base` is `rates[currency]` of each."""

    number: int
    position: str
    """Of the decision."""
    source: str
    date: str
    base: str
    rates: dict[str, str]
    """As published: exact decimals."""

    def rate(self, base: str, quote: str) -> RateView | None:
        """One `base` in `quote`; None where the table lacks one of them."""
        one, other = self._per_base(base), self._per_base(quote)
        if one is None or other is None:
            return None
        exact = other * Fraction(one.denominator, one.numerator)
        text = self.rates[quote] if base == self.base else str(exact)
        rate = Rate(base, quote, text, self.source, self.date, self.position)
        return RateView(exact.numerator, exact.denominator, rate)

    def _per_base(self, currency: str) -> Fraction | None:
        if currency == self.base:
            return Fraction(1)
        rate = self.rates.get(currency)
        return None if rate is None else Fraction(rate)


class RateTables:
    """All rates that were set, as known at any decision."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._tables: list[RateTable] = []
        self._by_day: dict[int, list[RateTable]] = {}
        """Day since 1970 → its tables, oldest decision first."""
        self._found: dict[tuple[str, str, int, int], RateView | None] = {}

    def add(self, number: int, position: str, found: RatesSet) -> None:
        """The rates of a decision; raises ValueError where a date or rate cannot be one."""
        day = day_of(found.date)
        for currency, rate in found.rates.items():
            if DECIMAL.fullmatch(rate) is None or not Fraction(rate):
                raise ValueError(f"rates[{currency}] {rate!r}: expected a decimal above zero")
        table = RateTable(number, position, found.source, found.date, found.base, found.rates)
        self._numbers.append(number)
        self._tables.append(table)
        self._by_day.setdefault(day, []).append(table)

    def tables(self) -> tuple[RateTable, ...]:
        """In the order in which they were set."""
        return tuple(self._tables)

    def rate(self, base: str, quote: str, occurred_at: int, known: int) -> RateView | None:
        """One `base` in `quote` on the day (UTC) of `occurred_at` (ms), as known at decision
        `known`; None where no rates of the last `MAX_AGE_DAYS` give it.

        The newest day counts, and of one day the decision that came last.
        """
        day = occurred_at // DAY_MS
        key = (base, quote, day, bisect_right(self._numbers, known))
        if key in self._found:
            return self._found[key]
        views = (table.rate(base, quote) for table in self._candidates(day, known))
        view = next((view for view in views if view is not None), None)
        if len(self._found) >= CACHED_RATES:
            self._found.clear()
        self._found[key] = view
        return view

    def _candidates(self, day: int, known: int) -> Iterator[RateTable]:
        for published in range(day, day - MAX_AGE_DAYS - 1, -1):
            corrected: set[str] = set()
            for table in reversed(self._by_day.get(published, ())):
                if table.number <= known and table.source not in corrected:
                    corrected.add(table.source)
                    yield table


def day_of(date: str) -> int:
    """The day `2026-11-20` (ISO 8601) since 1970; raises ValueError where it is no such text.

    Reckoned in integers (H. Hinnant, "chrono-compatible low-level date algorithms").
    """
    parts = DATE.fullmatch(date)
    if parts is None:
        raise ValueError(f"date {date!r}: expected year, month and day as 2026-11-20")
    year, month, day = int(parts[1]), int(parts[2]), int(parts[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError(f"date {date!r}: there is no such day")
    if month <= 2:
        year, month = year - 1, month + 12
    in_year = (153 * (month - 3) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + in_year - DAYS_BEFORE_1970
