"""Holding a commission that was owed already: until it is released it counts for nothing.

Its lines wait. Its counters are taken back, and what the partner's tiers and bonuses had by it
waits with them as provisional lines: what is owed in all stays as it was, and none of it can be
paid out. The release counts it anew, as one that was held from the beginning.
"""

from __future__ import annotations

from events.currencies import is_currency
from events.journal import HELD
from projections.booked import Lookup
from projections.booked_reward import (
    BONUS_PAID,
    RETRO_PAID,
    BookedReward,
    Counts,
    counts_left,
)
from projections.rewards.draft import Draft, PaidFrom, Sums
from projections.rewards.plan import Plan
from projections.rewards.tallying import counters_of, reckon
from projections.rewards.unwinding import price_of, priced


class Waiting(Draft):
    """A draft in which what would be taken back waits instead: it costs and owes as before."""

    def book(
        self,
        rule: str,
        sums: Sums,
        until: int,
        unit: str = "",
        paid_from: PaidFrom = "commissions",
        *,
        spread: bool = False,
    ) -> None:
        """As `Draft.book`, but that less than nothing moves to what is held."""
        if sums.cost > 0 or sums.owed > 0:
            super().book(rule, sums, until, unit, paid_from, spread=spread)
        elif sums.owed:
            self.take(rule, -sums.owed, until, unit, spread=spread)
            self.put(rule, -sums.owed, HELD, unit)


def hold(
    draft: Draft, reward: BookedReward, lookup: Lookup, plan: Plan | None
) -> tuple[Counts, Counts]:
    """Book the hold in a `Waiting` draft; what the counters gain, below zero, and what will count
    once it is released.

    `plan`: None for what counts for nothing, as an override.
    """
    until = reward.available_at
    less = [line for line in reward.lines if line.lessens and line.left]
    for line in less:
        draft.put(line.rule, -line.left, until, line.unit)
    for line in reward.lines:
        if line.left > 0:
            draft.move(line.rule, line.left, until, HELD, line.unit)
    for line in less:
        draft.take(line.rule, -line.left, HELD, line.unit)
    waiting = counts_left(reward)
    if plan is None or not reward.counted or not waiting:
        return {}, {}
    own = {key: -count for key, count in waiting.items()}
    counters = counters_of(lookup, draft.program)
    at = reward.occurred_at
    price = price_of(reward)
    gains = reckon(draft, priced(plan, draft, price), counters, own, at, until, price)
    if draft.unit != draft.currency:
        _tell_all_units(gains)
    return gains, waiting


def _tell_all_units(gains: Counts) -> None:
    """Where a currency is changed each unit is told, also where it gains nothing."""
    for key in list(gains):
        kind, _, name = key.partition("/")
        if kind in (*RETRO_PAID, *BONUS_PAID) and is_currency(name.rpartition("/")[2]):
            owed, cost, changed = RETRO_PAID if kind in RETRO_PAID else BONUS_PAID
            for each in (owed, cost, changed):
                gains.setdefault(f"{each}/{name}", 0)
