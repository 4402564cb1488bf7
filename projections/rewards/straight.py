"""The straight case: one rule, all in the program's currency, and nothing that waits.

Nearly every conversion is one, so it goes past what it does not need: no items to take apart,
no exchange, no second line. It gives the same entry as `earning` would, which a test holds
it to; what it cannot answer it leaves to it (None).
"""

from __future__ import annotations

from events.instructions import CommissionDue
from events.journal import Balance, Entry, Leg
from projections.balance import Account, funds_of, pending_in
from projections.booked import Lookup
from projections.days import hold_end
from projections.money import BASIS_POINTS, round_half_away
from projections.rewards.bonuses import is_paid
from projections.rewards.caps import apply_caps, cap_key, room
from projections.rewards.holds import is_duplicate, why_held
from projections.rewards.plan import Plan, PlannedRule
from projections.rewards.reckoning import Amount, bounded, split
from projections.rewards.tallying import counters_of
from projections.rewards.tiers import rate_at
from projections.tally import NO_COUNTERS, conversion_counters, measured


def decide_straight(
    account: Account | None,
    lookup: Lookup,
    due: CommissionDue,
    n: int,
    source: str,
    at: int,
    plan: Plan,
    planned: PlannedRule,
    currency: str,
) -> Entry | None:
    """The entry of `due` by the one rule that fits it; None where it is not that simple."""
    rule = planned.rule
    occurred_at, share, before, kind = due.occurred_at, due.share, due.before, due.kind
    counters = counters_of(lookup, due.program) if plan.follows else NO_COUNTERS
    rate = rate_at(planned, counters, occurred_at) if planned.levels else rule.amount
    worth = due.amount
    amount = Amount(rate, 1) if rule.type == "flat" else Amount(worth * rate, BASIS_POINTS)
    if rule.minimum or rule.maximum:
        amount = bounded(amount, rule)
    if share == BASIS_POINTS:
        cost = round_half_away(*amount)
    else:
        cost = split(amount, before, share)
        worth = split(Amount(worth, 1), before, share)
    terms, position = plan.in_force
    notes: tuple[str, ...] = ()
    count, sum = conversion_counters(kind, occurred_at)
    gains = {count: 1, sum: worth} if worth else {count: 1}
    if planned.caps:
        caps = planned.caps
        for cap in caps:
            if cost <= room(cap, counters, before, share, occurred_at):
                continue
            costs = [cost]
            cut = apply_caps(caps, [planned], costs, counters, before, share, occurred_at, currency)
            notes, cost = tuple(cut), costs[0]
            break
        for cap in caps:
            if cost and cap.scope == "partner":
                gains[cap_key(cap, occurred_at)] = cost
    duplicate = bool(due.identity) and is_duplicate(lookup, due)
    if plan.reviews and why_held(terms, due, duplicate, cost):
        return None
    if due.hold or (duplicate and terms.duplicate_customer != "allow"):
        return None
    for bonus in plan.bonuses:
        gained = 1 if bonus.measure == "count" else worth
        reached = measured(counters, kind, bonus.measure, bonus.period, occurred_at) + gained
        if reached >= bonus.threshold and not is_paid(bonus, counters, occurred_at, currency):
            return None
    until = ends = hold_end(occurred_at, terms.hold_days)
    funds = funds_of(account, due.program, currency)
    pending = pending_in(funds, at)
    if ends > at:
        pending += cost
    else:
        until = 0
    legs: tuple[Leg, ...] = ()
    if cost:
        name = rule.name
        legs = (Leg("commissions", -cost, "", name), Leg("payable", cost, "", name, until))
    return Entry(  # by place: this is the hot path
        n,
        source,
        due.partner,
        at,
        "commission",
        due.program,
        currency,
        legs,
        Balance(funds.payable + cost, pending, funds.in_transit, funds.paid),
        "",
        rule.name,
        terms.version,
        position,
        due.amount,
        ends,
        due.deal,
        due.event_id,
        "",
        due.conversion,
        due.click_id,
        "" if account is None else account.head,
        terms.engine,
        occurred_at,
        "",
        share,
        "",
        0,
        due.customer,
        due.identity,
        gains,
        {},
        (),
        notes,
    )
