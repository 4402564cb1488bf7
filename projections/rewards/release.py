"""Releasing a commission that does not count while it is held: only now it does.

Tiers, bonuses and the partner's caps are those of this moment, under the terms of the
conversion. What its retroactive rules (and bonuses, if a person held it) gave for the time being
is replaced by what is due. What is due as before goes back to where it was pending.
"""

from __future__ import annotations

from events.journal import HELD
from projections.booked import Lookup
from projections.booked_reward import BookedReward, Line, counts_left
from projections.money import plain
from projections.rewards.caps import cap_key
from projections.rewards.draft import Draft, Sums
from projections.rewards.plan import Plan, PlannedRule
from projections.rewards.tallying import counters_of, reckon
from projections.rewards.unwinding import left_of, price_of, priced
from projections.tally import Counters


def count_in(
    draft: Draft, reward: BookedReward, lookup: Lookup, plan: Plan | None
) -> tuple[dict[str, int], list[str]]:
    """Book the release; what the counters gain, and notes of what caps cut.

    `plan`: None for what counts for nothing, as an override.
    """
    notes: list[str] = []
    rules = {} if plan is None else {planned.rule.name: planned for planned in plan.rules}
    counters = counters_of(lookup, draft.program)
    own = {key: gain for key, gain in counts_left(reward).items() if not key.startswith("cap/")}
    less = [line for line in reward.lines if line.lessens and line.left]
    for line in less:
        draft.put(line.rule, -line.left, HELD, line.unit)
    for rule, unit, place, amount in reward.waits_from:
        draft.back_to.setdefault((rule, unit), []).append((place, amount))
    for line in reward.lines:
        planned = rules.get(line.rule)
        left = left_of(line)
        if line.made == "tally":
            draft.book(line.rule, Sums().less(left), HELD, line.unit)
            continue
        if planned is not None and planned.caps and not line.made:
            left = _cut(draft, line, left, planned, counters, own, reward.occurred_at, notes)
        if left.owed > 0:
            draft.move(line.rule, left.owed, HELD, reward.available_at, line.unit)
    at, until = reward.occurred_at, reward.available_at
    gains: dict[str, int] = {}
    if plan is not None:
        price = price_of(reward)
        plan = priced(plan, draft, price)
        gains = reckon(draft, plan, counters, own, at, until, price, reward.bonuses)
    for line in less:
        draft.take(line.rule, -line.left, until, line.unit)
    return gains, notes


def _cut(
    draft: Draft,
    line: Line,
    left: Sums,
    planned: PlannedRule,
    counters: Counters,
    own: dict[str, int],
    at: int,
    notes: list[str],
) -> Sums:
    """What the partner's caps leave of a line, counted in `own`; the rest is taken back."""
    paid = left.cost
    keys = []
    for cap in planned.caps:
        if cap.scope != "partner":
            continue
        key = cap_key(cap, at)
        keys.append(key)
        room = max(cap.amount - counters.get(key, 0) - own.get(key, 0), 0)
        if room < paid:
            unit = draft.currency
            notes.append(f"cap {cap.name}: {plain(room, unit)} of {plain(paid, unit)} {unit}")
            paid = room
    for key in keys:
        if paid:
            own[key] = own.get(key, 0) + paid
    if paid == left.cost:
        return left
    kept = draft.sums(paid, line.unit)
    draft.book(line.rule, kept.less(left), HELD, line.unit)
    return kept
