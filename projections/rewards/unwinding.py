"""Taking back what was booked for a conversion, in part or whole.

In proportion to all that was refunded so far, rounded as a whole, in each unit for itself:
partial refunds in any sequence add up to exactly what was booked. Then what follows the
partner's tally is reckoned again under the terms of the deal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from events.journal import HELD
from projections.balance import Account
from projections.booked import Lookup
from projections.booked_reward import BookedReward, Counts, Line
from projections.directory import Directory, DirectoryBehind
from projections.exchange import SAME, Exchange, NoRate, Price, pinned
from projections.rewards.bonuses import pin_bonus
from projections.rewards.draft import Draft, Sums
from projections.rewards.plan import Plan, plans_at
from projections.rewards.tallying import change_of, counters_of, reckon


def draft_of(
    account: Account | None,
    reward: BookedReward,
    program: str,
    directory: Directory,
    at: int,
    shape: type[Draft] = Draft,
) -> Draft:
    """A draft in the currencies and at the rate of `reward`. Raises DirectoryBehind."""
    currency = reward.unit
    if reward.engine != "1":
        found = directory.program(program, directory.count)
        if found is None:
            raise DirectoryBehind(directory.count + 1, directory.count)
        currency = found.currency
    try:
        money = pinned(reward.rates, currency, reward.unit)
    except NoRate:
        money = SAME  # it pays in the program's own units only
    return shape(account, program, currency, reward.unit, money, at)


def plan_of(directory: Directory, program: str, reward: BookedReward) -> Plan | None:
    """What paid `reward`; None where nothing of it counts. Raises DirectoryBehind."""
    kind = reward.kind
    return None if kind is None else plans_at(directory, program, reward.terms_at)[kind]


def until_of(reward: BookedReward, line: Line) -> int:
    """Until when what is left of a line is pending, ms; what a partner owes never is."""
    if line.account == "wholesale":
        return 0
    return HELD if reward.status == "held" else reward.available_at


def left_of(line: Line) -> Sums:
    """What of a line was not taken back."""
    return Sums(
        line.cost - line.cost_back,
        line.owed - line.owed_back,
        line.changed - line.changed_back,
    )


def unwind(
    draft: Draft, reward: BookedReward, after: BookedReward, lookup: Lookup, plan: Plan | None
) -> dict[str, int]:
    """Book the way from `reward` to `after`, of which more is taken back; what the counters
    gain by it, below zero."""
    # What a person took off comes back first: the rest is then found where it is pending.
    both = sorted(zip(reward.lines, after.lines, strict=True), key=lambda of: not of[0].lessens)
    for line, line_after in both:
        back = left_of(line_after).less(left_of(line))
        draft.book(line.rule, back, until_of(reward, line), line.unit, line.account)
    own = lost(reward.counters_back, after.counters_back)
    if not reward.counted or plan is None or not own:
        return {}
    counters = counters_of(lookup, draft.program)
    at, until = reward.occurred_at, reward.available_at
    price = price_of(reward)
    return reckon(draft, priced(plan, draft, price), counters, own, at, until, price)


def lost(before: Counts, after: Counts) -> Counts:
    """What counters gain when more is taken back of them: less than nothing."""
    gains = {key: before.get(key, 0) - back for key, back in after.items()}
    return {key: gain for key, gain in gains.items() if gain}


def price_of(reward: BookedReward) -> Price:
    """Exchanges at the rates that the commission pinned."""

    def price(base: str, quote: str) -> Exchange:
        return pinned(reward.rates, base, quote, reward.occurred_at)

    return price


def priced(plan: Plan, draft: Draft, price: Price) -> Plan:
    """`plan` without what the commission pinned no rate for, as a bonus in another currency that
    it did not bring: the next conversion that asks for it pays it."""

    def is_priced(ask: Callable[[], object]) -> bool:
        try:
            ask()
        except NoRate:
            return False
        return True

    return plan._replace(
        retroactive=tuple(
            planned
            for planned in plan.retroactive
            if is_priced(partial(change_of, draft.currency, planned, price))
        ),
        bonuses=tuple(
            bonus for bonus in plan.bonuses if is_priced(partial(pin_bonus, draft, bonus, price))
        ),
    )
