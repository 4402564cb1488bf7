"""Changes of currency: exact fractions of minor units, by rates that people decided.

One yen is its own minor unit, one euro is a hundred: an amount in minor units is scaled to
major units, multiplied by the rate and scaled back, in one fraction that is rounded once,
where the amount is booked. The rate that was used is pinned on the entry, so that whatever
follows of it (a refund, a review) is reckoned at the same rate.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from events.currencies import decimals
from events.journal import Rate
from projections.directory import Directory
from projections.money import round_half_away
from projections.periods import date_text


class NoRate(LookupError):
    """No rates of exchange were known for a pair on the day of a conversion."""

    def __init__(self, base: str, quote: str, occurred_at: int) -> None:
        super().__init__(f"no_rate {base}/{quote} {date_text(occurred_at)}")


class Exchange(NamedTuple):
    """One minor unit of the base is `numerator / denominator` minor units of the quote."""

    numerator: int
    denominator: int
    rate: Rate | None
    """As an entry pins it; None: nothing is changed."""

    def to_quote(self, amount: int) -> int:
        """`amount` of the base in the quote, rounded; minor units."""
        return round_half_away(amount * self.numerator, self.denominator)

    def to_base(self, amount: int) -> int:
        """`amount` of the quote in the base, rounded; minor units."""
        return round_half_away(amount * self.denominator, self.numerator)


SAME = Exchange(1, 1, None)
Price = Callable[[str, str], Exchange]
"""From one currency to another; raises NoRate."""


class Changes:
    """The exchanges of one entry, at the rates of the day of its conversion."""

    def __init__(self, directory: Directory, occurred_at: int, known: int) -> None:
        self._directory = directory
        self._occurred_at = occurred_at
        self._known = known
        self.rates: list[Rate] = []
        """Those that were asked for: the entry pins them."""

    def find(self, base: str, quote: str) -> Exchange:
        """From `base` to `quote`; raises NoRate."""
        if base == quote:
            return SAME
        found = exchange(self._directory, base, quote, self._occurred_at, self._known)
        if found.rate is not None and found.rate not in self.rates:
            self.rates.append(found.rate)
        return found


def exchange(directory: Directory, base: str, quote: str, occurred_at: int, known: int) -> Exchange:
    """From `base` to `quote` at the rate of the day of `occurred_at` (ms), as known at decision
    `known`. Raises NoRate."""
    if base == quote:
        return SAME
    found = directory.rate(base, quote, occurred_at, known)
    if found is None:
        raise NoRate(base, quote, occurred_at)
    return _minor(base, quote, found.numerator, found.denominator, found.rate)


def pinned(rates: tuple[Rate, ...], base: str, quote: str, occurred_at: int = 0) -> Exchange:
    """From `base` to `quote` at the rate that an entry pinned; raises NoRate where it pinned
    none. `occurred_at`: of its conversion, ms."""
    if base == quote:
        return SAME
    for rate in rates:
        if rate.base == base and rate.quote == quote:
            exact = Fraction(rate.rate)
            return _minor(base, quote, exact.numerator, exact.denominator, rate)
    raise NoRate(base, quote, occurred_at)


def _minor(base: str, quote: str, numerator: int, denominator: int, rate: Rate) -> Exchange:
    return Exchange(numerator * 10 ** decimals(quote), denominator * 10 ** decimals(base), rate)
