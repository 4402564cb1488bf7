"""Threshold bonuses: paid once when the measure of a period reaches the threshold.

What was paid, and at which threshold, is pinned in the partner's counters: when refunds or
rejections bring the measure below it again, exactly that is taken back, whatever the terms
say by then. Reached once more, it is paid once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, cast

from events.currencies import is_currency
from events.terms import Bonus, ConversionKind, Measure, Override, Period
from projections.days import DAY_MS
from projections.exchange import Price
from projections.periods import period_key
from projections.rewards.draft import Draft, Sums
from projections.tally import Counters, measured

AT = "bonus_at/"
CACHED_KEYS = 4_096


class Keys(NamedTuple):
    """Keys of a bonus's counters in a period, paid in one unit."""

    owed: str
    cost: str
    changed: str


def own_unit(paid: Bonus | Override) -> str:
    """The program's own unit it is paid in; empty: money."""
    return "" if is_currency(paid.currency) else paid.currency


def pin_bonus(draft: Draft, bonus: Bonus, price: Price) -> None:
    """Ask for the rates that it may need once a held commission is released. Raises NoRate."""
    _worth(draft, bonus, own_unit(bonus), price)


def pay_bonuses(
    draft: Draft,
    bonuses: tuple[Bonus, ...],
    counters: Counters,
    at: int,
    until: int,
    price: Price,
) -> dict[str, int]:
    """Book every bonus that `counters` have reached in the period of `at` (ms) and that was not
    paid yet; what the counters gain by it. Raises NoRate."""
    gains: dict[str, int] = {}
    for bonus in bonuses:
        if measured(counters, bonus.event, bonus.measure, bonus.period, at) < bonus.threshold:
            continue
        if is_paid(bonus, counters, at, draft.unit):
            continue
        unit = own_unit(bonus)
        name = _name(bonus, unit or draft.unit, at)
        keys = _keys(name)
        sums = _worth(draft, bonus, unit, price)
        draft.book(bonus.name, sums, until, unit)
        gains[keys.owed] = sums.owed
        if not unit and draft.unit != draft.currency:
            gains |= {keys.cost: sums.cost, keys.changed: sums.changed}
        gains[f"{AT}{name}/{bonus.event}/{bonus.measure}"] = bonus.threshold
    return {key: gain for key, gain in gains.items() if gain}


def pay_again(
    draft: Draft, taken: Counters, counters: Counters, at: int, until: int
) -> dict[str, int]:
    """Pay what was `taken` when a commission of `at` (ms) was held, as it was paid then, where
    `counters` reach its threshold again and nobody else brought it; what the counters gain."""
    gains: dict[str, int] = {}
    periods = _periods(at)
    for key, threshold in taken.items():
        if not key.startswith(AT):
            continue
        name, event, measure = key[len(AT) :].rsplit("/", 2)
        bonus, period, unit = name.rsplit("/", 2)
        keys = _keys(name)
        reached = measured(
            counters,
            cast(ConversionKind, event),
            cast(Measure, measure),
            periods[period],
            at,
        )
        if reached < threshold or keys.owed in counters or key in counters:
            continue
        own = "" if is_currency(unit) else unit
        with draft.paid_in(unit if not own else draft.unit) as there:
            there.book(bonus, _paid(draft, keys, taken, unit), until, own)
        gains |= {gained: taken[gained] for gained in (*keys, key) if gained in taken}
    return gains


def is_paid(bonus: Bonus, counters: Counters, at: int, currency: str) -> bool:
    """Whether it was paid in the period of `at` (ms), to a partner that is paid in `currency`."""
    unit = own_unit(bonus) or currency if bonus.currency else currency
    owed, reached = _paid_keys(
        bonus.name, bonus.period, unit, bonus.event, bonus.measure, at // DAY_MS
    )
    return owed in counters or reached in counters


@lru_cache(CACHED_KEYS)
def _paid_keys(
    name: str, period: Period, unit: str, event: str, measure: str, day: int
) -> tuple[str, str]:
    """What tells that a bonus was paid in the period of a day: what was owed, and for what."""
    found = f"{name}/{period_key(period, day * DAY_MS)}/{unit}"
    return f"bonus/{found}", f"{AT}{found}/{event}/{measure}"


def _name(bonus: Bonus, unit: str, at: int) -> str:
    return f"{bonus.name}/{period_key(bonus.period, at)}/{unit}"


def take_back_bonuses(
    draft: Draft, kind: ConversionKind, counters: Counters, at: int, until: int
) -> dict[str, int]:
    """Take back every bonus of the periods of `at` (ms) whose threshold `counters` no longer
    reach; what the counters gain by it, below zero."""
    gains: dict[str, int] = {}
    for key, threshold, measure in _pinned(counters, kind, at):
        if measure >= threshold:
            continue
        name = key[len(AT) :].rsplit("/", 2)[0]
        bonus, _, unit = name.rsplit("/", 2)
        keys = _keys(name)
        own = "" if is_currency(unit) else unit
        paid = _paid(draft, keys, counters, unit)
        # In the currency it was paid in, whatever the partner is paid in since.
        with draft.paid_in(unit if not own else draft.unit) as there:
            there.book(bonus, Sums().less(paid), until, own, spread=True)
        for gained in (*keys, key):
            if counters.get(gained):
                gains[gained] = -counters[gained]
    return gains


def _pinned(counters: Counters, kind: ConversionKind, at: int) -> Iterator[tuple[str, int, int]]:
    """(key, threshold, measure now) of the bonuses paid by `kind` in the periods of `at`."""
    periods = _periods(at)
    for key, threshold in counters.items():
        if not key.startswith(AT):
            continue
        name, event, measure = key.rsplit("/", 2)
        period = periods.get(name.rsplit("/", 2)[1])
        if event == kind and period is not None:
            found = measured(counters, kind, cast(Measure, measure), period, at)
            yield key, threshold, found


def _periods(at: int) -> dict[str, Period]:
    """By key the periods of `at` (ms)."""
    return {period_key(period, at): period for period in ("lifetime", "month", "quarter", "year")}


def _paid(draft: Draft, keys: Keys, counters: Counters, unit: str) -> Sums:
    """What was paid in `unit`, as it is pinned in `counters`."""
    owed = counters.get(keys.owed, 0)
    if not is_currency(unit) or unit == draft.currency:
        return Sums(owed, owed, 0)
    return Sums(counters.get(keys.cost, 0), owed, counters.get(keys.changed, 0))


def _keys(name: str) -> Keys:
    return Keys(f"bonus/{name}", f"bonus_cost/{name}", f"bonus_changed/{name}")


def _worth(draft: Draft, bonus: Bonus, unit: str, price: Price) -> Sums:
    if unit or bonus.currency in ("", draft.currency):
        return draft.sums(bonus.amount, unit)
    cost = price(bonus.currency, draft.currency).to_quote(bonus.amount)
    if draft.unit == draft.currency:
        return Sums(cost, cost, 0)
    owed = price(bonus.currency, draft.unit).to_quote(bonus.amount)
    return Sums(cost, owed, draft.money.to_base(owed))
