"""What follows the partner's tally: retroactive tiers and bonuses, after any change to it."""

from __future__ import annotations

from projections.booked import Lookup
from projections.exchange import SAME, Exchange, Price
from projections.rewards.bonuses import pay_again, pay_bonuses, take_back_bonuses
from projections.rewards.draft import Draft
from projections.rewards.plan import Plan, PlannedRule
from projections.rewards.tiers import group_of, reckon_group
from projections.tally import NO_COUNTERS, Counters, Tally, gained, tally_key


def counters_of(lookup: Lookup, program: str) -> Counters:
    """The partner's counters in a program."""
    found = lookup(tally_key(program))
    return found.counters if isinstance(found, Tally) else NO_COUNTERS


def reckon(
    draft: Draft,
    plan: Plan,
    counters: Counters,
    own: dict[str, int],
    at: int,
    until: int,
    price: Price,
    taken: Counters = NO_COUNTERS,
) -> dict[str, int]:
    """Book what a change to the tally brings besides the conversion's own lines.

    `own`: what the conversion adds to the counters, or a refund takes from them. Gives all
    that they gain, `own` included. `at`: when the conversion happened, `until`: when its hold
    ends, ms; `taken`: see `pay_again`. Raises NoRate.
    """
    after = gained(counters, own)
    gains = dict(own)
    for planned in plan.retroactive:
        weight = group_of(planned, at, planned.unit or draft.unit).weight
        if weight in after or weight in counters:
            change = change_of(draft.currency, planned, price)
            gains |= reckon_group(draft, planned, after, at, until, change)
    if any(gain < 0 for gain in own.values()):
        gains |= take_back_bonuses(draft, plan.kind, after, at, until)
        return gains
    if taken:
        again = pay_again(draft, taken, after, at, until)
        after = gained(after, again)
        gains |= again
    if plan.bonuses:
        gains |= pay_bonuses(draft, plan.bonuses, after, at, until, price)
    return gains


def change_of(currency: str, planned: PlannedRule, price: Price) -> Exchange:
    """From the currency that the rule names to the program's. Raises NoRate."""
    if planned.unit or planned.rule.type != "flat":
        return SAME
    return price(planned.rule.currency or currency, currency)
