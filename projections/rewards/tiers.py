"""Tiers: rates that rise with what the partner sold.

Onward: the level reached before a deal gives its rate, and that is all. Retroactive: the
deals of a period under the same terms are a group; the group is reckoned as one at the level
that the period has reached, and each entry books what is due to it now less what was paid for
it so far. So a refund that loses a level takes back what all other deals had gained by it.
"""

from __future__ import annotations

from typing import NamedTuple

from events.terms import Level
from projections.exchange import Exchange
from projections.money import BASIS_POINTS, round_half_away
from projections.periods import period_key
from projections.rewards.draft import Draft, Sums
from projections.rewards.plan import PlannedRule
from projections.rewards.reckoning import Amount
from projections.tally import Counters, measured

FLAT_WEIGHT = 10_000
"""What one whole deal weighs in a group that is paid by the deal, for each basis point of the
share: refunds of parts of it are exact to a ten-thousandth."""


class Group(NamedTuple):
    """Keys of the counters of a retroactive rule's deals of a period, paid in one unit."""

    weight: str
    owed: str
    cost: str
    changed: str


def group_of(planned: PlannedRule, at: int, unit: str) -> Group:
    """The group of a deal that happened at `at` (ms) and is owed in `unit`."""
    assert planned.rule.tiers is not None
    name = f"{planned.group}/{period_key(planned.rule.tiers.period, at)}/{unit}"
    return Group(
        f"retro/{name}", f"retro_owed/{name}", f"retro_cost/{name}", f"retro_changed/{name}"
    )


def rate_at(planned: PlannedRule, counters: Counters, at: int) -> int:
    """The rule's rate or amount at the level that the period of `at` (ms) has reached."""
    tiers = planned.rule.tiers
    if tiers is None:
        return planned.rule.amount
    reached: Level | None = None
    measure = measured(counters, planned.rule.event, tiers.measure, tiers.period, at)
    for level in planned.levels:
        if level.threshold > measure:
            break
        reached = level
    return planned.rule.amount if reached is None else reached.amount


def weight_of(planned: PlannedRule, base: Amount, share: int) -> int:
    """What a deal weighs in its group: its base times the share in basis points."""
    if planned.rule.type == "flat":
        return FLAT_WEIGHT * share
    return round_half_away(base.numerator, base.denominator) * share


def due_to(planned: PlannedRule, weight: int, rate: int, change: Exchange) -> int:
    """What a group (or one deal) of `weight` gives at `rate`; `change`: from the currency the
    rule names to the program's."""
    if planned.rule.type == "flat":
        return round_half_away(
            weight * rate * change.numerator, FLAT_WEIGHT * BASIS_POINTS * change.denominator
        )
    return round_half_away(weight * rate, BASIS_POINTS * BASIS_POINTS)


def reckon_group(
    draft: Draft,
    planned: PlannedRule,
    counters: Counters,
    at: int,
    until: int,
    change: Exchange,
) -> dict[str, int]:
    """Book what is due to the group of `at` (ms) after `counters`, less what was paid; what the
    counters gain by it. `until`: when the deal's hold ends, ms."""
    group = group_of(planned, at, planned.unit or draft.unit)
    weight = counters.get(group.weight, 0)
    paid = Sums(
        counters.get(group.cost, 0), counters.get(group.owed, 0), counters.get(group.changed, 0)
    )
    changes = not planned.unit and draft.unit != draft.currency
    if not changes:
        paid = Sums(paid.owed, paid.owed, 0)
    if weight:
        due = due_to(planned, weight, rate_at(planned, counters, at), change)
        sums = draft.sums(due - paid.cost, planned.unit)
    else:
        sums = Sums().less(paid)
    draft.book(planned.rule.name, sums, until, planned.unit, spread=True)
    gains = {group.owed: sums.owed}
    if changes:
        gains |= {group.cost: sums.cost, group.changed: sums.changed}
    return {key: gain for key, gain in gains.items() if gain}
