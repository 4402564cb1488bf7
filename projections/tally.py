"""A partner's tally in a program: what tiers, bonuses and caps count by.

    sale/count/2026-11       conversions of the month              sale/count      of all time
    sale/amount/2026-11      what they came to, minor units        sale/amount     of all time
    cap/NAME/PERIOD          what was paid under a partner's cap
    retro/RULE@VERSION/PERIOD/UNIT         what a retroactive rule is reckoned on
    retro_owed/… retro_cost/… retro_changed/…      what was paid for it
    bonus/NAME/PERIOD/UNIT                 what was paid; bonus_cost/… bonus_changed/… as above
    bonus_at/NAME/PERIOD/UNIT/EVENT/MEASURE        the threshold that was reached

An entry says what each counter gains. Sums of all time are kept here besides, quarters and
years are sums of months. A counter at zero is dropped: when all is refunded, none is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from events.terms import ConversionKind, Measure, Period
from projections.days import DAY_MS
from projections.periods import month_of, months_of

Counters = Mapping[str, int]
NO_COUNTERS: Counters = {}
CACHED_KEYS = 4_096
COUNTED = ("sale/", "renewal/", "lead/")
"""Of conversions: those that have a sum of all time."""


class Tally(Struct, frozen=True, gc=False, array_like=True, tag="t"):
    """The counters of a partner in a program."""

    counters: dict[str, int] = {}


def tally_key(program: str) -> str:
    """Key of the item that keeps a program's tally."""
    return f"tally/{program}"


def measured(
    counters: Counters, event: ConversionKind, measure: Measure, period: Period, at: int
) -> int:
    """Conversions, or minor units, in the period of `at` (ms)."""
    if period == "lifetime":
        return counters.get(f"{event}/{measure}", 0)
    if period == "month":
        return counters.get(_counter_of_day(event, measure, at // DAY_MS), 0)
    return sum([counters.get(f"{event}/{measure}/{month}", 0) for month in months_of(period, at)])


@lru_cache(CACHED_KEYS)
def _counter_of_day(event: str, measure: str, day: int) -> str:
    return f"{event}/{measure}/{month_of(day * DAY_MS)}"


@lru_cache(CACHED_KEYS)
def _counters_of_day(kind: str, day: int) -> tuple[str, str]:
    return _counter_of_day(kind, "count", day), _counter_of_day(kind, "amount", day)


@lru_cache(CACHED_KEYS)
def _ever(key: str) -> str:
    """The counter of all time that a month's adds to; empty: none does."""
    return key[: key.rindex("/")] if key.startswith(COUNTED) else ""


def conversion_counters(kind: ConversionKind, at: int) -> tuple[str, str]:
    """The counters that a conversion at `at` (ms) adds to: of conversions, and of amounts."""
    return _counters_of_day(kind, at // DAY_MS)


def gained(counters: Counters, gains: Counters) -> dict[str, int]:
    """The counters after an entry's `gains`."""
    found = dict(counters)
    get = found.get
    for key, gain in gains.items():
        sum = get(key, 0) + gain
        if sum:
            found[key] = sum
        else:
            found.pop(key, None)
        if ever := _ever(key):
            sum = get(ever, 0) + gain
            if sum:
                found[ever] = sum
            else:
                found.pop(ever, None)
    return found
