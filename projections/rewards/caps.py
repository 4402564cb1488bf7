"""Caps: the most that is paid for a deal, or to a partner in a period.

Rules fill a cap in the order of the terms, and what is over is cut. A deal's cap is split as
the deal is, so that all partners together stay within it; a partner's has the room that its
counter leaves.
"""

from __future__ import annotations

from functools import lru_cache

from events.terms import Cap, Period
from projections.days import DAY_MS
from projections.money import plain
from projections.periods import period_key
from projections.rewards.plan import PlannedRule
from projections.rewards.reckoning import Amount, split
from projections.tally import Counters

CACHED_KEYS = 4_096


def cap_key(cap: Cap, at: int) -> str:
    """The counter of a partner's cap, in the period of `at` (ms)."""
    return _key_of_day(cap.name, cap.period, at // DAY_MS)


@lru_cache(CACHED_KEYS)
def _key_of_day(name: str, period: Period, day: int) -> str:
    return f"cap/{name}/{period_key(period, day * DAY_MS)}"


def apply_caps(
    caps: tuple[Cap, ...],
    rules: list[PlannedRule],
    earned: list[int],
    counters: Counters,
    before: int,
    share: int,
    at: int,
    currency: str,
) -> list[str]:
    """Cut `earned` (by rule, minor units of `currency`) to what the caps allow; notes of what
    was cut. `at`: when the conversion happened, ms."""
    notes = []
    for cap in caps:
        places = [place for place, planned in enumerate(rules) if cap in planned.caps]
        asked = sum([earned[place] for place in places])
        if not places:
            continue
        allowed = room(cap, counters, before, share, at)
        if asked <= allowed:
            continue
        left = allowed
        for place in places:
            earned[place] = min(earned[place], left)
            left -= earned[place]
        paid = allowed - left
        notes.append(
            f"cap {cap.name}: {plain(paid, currency)} of {plain(asked, currency)} {currency}"
        )
    return notes


def counted(rules: list[PlannedRule], earned: list[int], at: int) -> dict[str, int]:
    """What the counters of partners' caps gain by `earned`."""
    gains: dict[str, int] = {}
    for planned, amount in zip(rules, earned, strict=True):
        for cap in planned.caps:
            if cap.scope == "partner" and amount:
                key = cap_key(cap, at)
                gains[key] = gains.get(key, 0) + amount
    return gains


def room(cap: Cap, counters: Counters, before: int, share: int, at: int) -> int:
    """What `cap` allows for a conversion at `at` (ms), minor units."""
    if cap.scope == "deal":
        return split(Amount(cap.amount, 1), before, share)
    return max(cap.amount - counters.get(cap_key(cap, at), 0), 0)
