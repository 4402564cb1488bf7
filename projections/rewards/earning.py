"""The entry of a lead or deal under engine 2.

From the rules that fit, by what each gives, the partner's split of it, the caps and the
currency it is paid in, to the legs; then what the partner's tally makes of it: retroactive
tiers and bonuses. A commission that is held counts for nothing until it is released.
"""

from __future__ import annotations

from typing import NamedTuple

from events.instructions import CommissionDue
from events.journal import HELD, Entry
from projections.balance import Account
from projections.booked import Item, Lookup, booked_by
from projections.days import hold_end
from projections.directory import Directory
from projections.exchange import SAME, Changes, Exchange, NoRate
from projections.periods import month_of
from projections.rewards.answer import Answer
from projections.rewards.bonuses import own_unit, pin_bonus
from projections.rewards.caps import apply_caps, counted
from projections.rewards.draft import Draft
from projections.rewards.fitting import Fitted, fit, fit_one
from projections.rewards.holds import DUPLICATE, is_duplicate, why_held
from projections.rewards.plan import Plan, PlannedRule, plans
from projections.rewards.reckoning import Amount, base_of, bounded, percent, split
from projections.rewards.straight import decide_straight
from projections.rewards.tallying import counters_of, reckon
from projections.rewards.tiers import due_to, group_of, rate_at, weight_of
from projections.tally import Counters
from projections.terms_history import TermsInForce


class Earned(NamedTuple):
    """What one rule gives the partner for the conversion."""

    planned: PlannedRule
    cost: int
    """Minor units of the program's currency, or of its own unit; below zero: the partner owes
    the wholesale price."""
    weight: int
    """Of a retroactive rule: what the conversion weighs in its group."""


def decide_reward(
    account: Account | None,
    lookup: Lookup,
    item: Item | None,
    due: CommissionDue,
    n: int,
    source: str,
    at: int,
    directory: Directory,
    currency: str,
    in_force: TermsInForce,
) -> Entry:
    """The entry of `due`. `currency`: the program's; `in_force`: the terms in force for the
    partner, of engine 2."""
    if due.level or due.kind == "renewal":
        in_force = terms_of(due, directory, in_force)
    plan = plans(in_force)[due.kind]
    if (
        plan.straight
        and due.currency == currency
        and due.amount > 0
        and not due.level
        and (item is None or not booked_by(item))
        and directory.partner_currency(due.partner, due.known) in ("", currency)
    ):
        planned = fit_one(plan, due)
        if planned is not None:
            entry = decide_straight(account, lookup, due, n, source, at, plan, planned, currency)
            if entry is not None:
                return entry
    answer = Answer(account, due, n, source, at, in_force)
    if why := _why_nothing(item, due):
        return answer.no_effect(why)
    duplicate = is_duplicate(lookup, due)
    if duplicate and in_force.terms.duplicate_customer == "refuse":
        return answer.no_effect(DUPLICATE)
    try:
        if due.level:
            return _book_override(answer, plan, directory, currency)
        fitted = fit(plan, due)
        if not fitted:
            return answer.no_effect("no_rule")
        return _book(answer, plan, fitted, lookup, directory, currency, duplicate)
    except NoRate as problem:
        return answer.no_effect(str(problem))


def terms_of(due: CommissionDue, directory: Directory, in_force: TermsInForce) -> TermsInForce:
    """The terms that pay `due`: those in force for the partner, and of the customer's first
    sale where they say so of renewals. Overrides are paid by the general terms."""
    if due.level:
        return directory.terms(due.program, due.known, due.occurred_at) or in_force
    if due.kind == "renewal" and in_force.terms.renewals == "first_sale":
        first = directory.terms(due.program, due.known, due.first_at, due.partner)
        return first or in_force
    return in_force


def _why_nothing(item: Item | None, due: CommissionDue) -> str:
    if by := booked_by(item):
        what = f"deal {due.deal}" if due.deal else f"lead {due.event_id}"
        return f"{what} was booked by {by}"
    return "zero_amount" if due.kind != "lead" and due.amount <= 0 else ""


def _book(
    answer: Answer,
    plan: Plan,
    fitted: list[Fitted],
    lookup: Lookup,
    directory: Directory,
    currency: str,
    duplicate: bool,
) -> Entry:
    due, terms = answer.due, plan.in_force.terms
    changes = Changes(directory, due.occurred_at, due.known)
    worth = changes.find(due.currency or currency, currency)
    counters = counters_of(lookup, due.program)
    earned = [_earn(one, due, counters, worth, changes, currency) for one in fitted]
    rules = [one.planned for one in earned]
    costs = [one.cost for one in earned]
    notes = (
        apply_caps(
            plan.caps, rules, costs, counters, due.before, due.share, due.occurred_at, currency
        )
        if plan.caps
        else []
    )
    in_money = sum(
        [
            cost  # what a reseller owes makes no commission smaller
            for cost, one in zip(costs, rules, strict=True)
            if not one.unit and one.rule.collects == "program"
        ]
    )
    hold = why_held(terms, due, duplicate, in_money)
    money = any(not rule.unit for rule in rules) or bool(plan.bonuses)
    draft = _draft(answer, directory, currency, changes, money)
    ends = hold_end(due.occurred_at, terms.hold_days)
    until = HELD if hold else ends
    for one, cost in zip(earned, costs, strict=True):
        rule = one.planned.rule
        if one.planned.retroactive and not hold:
            continue
        if rule.collects == "partner":
            draft.book(rule.name, draft.sums(cost, ""), 0, "", "wholesale")
        else:
            unit = one.planned.unit
            draft.book(rule.name, draft.sums(cost, unit), until, unit)
    own = _own_gains(earned, costs, draft, due, worth, plan)
    rule_name = rules[0].rule.name
    if hold:
        for bonus in plan.bonuses:
            pin_bonus(draft, bonus, changes.find)
        rates = tuple(changes.rates)
        return answer.commission(draft, rule_name, ends, rates, notes, waiting=own, hold=hold)
    if plan.retroactive or plan.bonuses:
        own = reckon(draft, plan, counters, own, due.occurred_at, ends, changes.find)
    if plan.retroactive:
        places = {one.planned.rule.name: place for place, one in enumerate(earned)}
        draft.legs.sort(key=lambda leg: places.get(leg.rule, len(places)))
    return answer.commission(draft, rule_name, ends, tuple(changes.rates), notes, counters=own)


def _book_override(answer: Answer, plan: Plan, directory: Directory, currency: str) -> Entry:
    due = answer.due
    override = next((one for one in plan.overrides if one.level == due.level), None)
    if override is None:
        return answer.no_effect("no_rule")
    changes = Changes(directory, due.occurred_at, due.known)
    unit = own_unit(override)
    if override.type == "flat":
        change = SAME if unit else changes.find(override.currency or currency, currency)
        amount = Amount(override.amount * change.numerator, change.denominator)
    else:
        worth = changes.find(due.currency or currency, currency)
        base = Amount(due.amount * worth.numerator, worth.denominator)
        amount = percent(base, override.amount)
    cost = split(amount, due.before, due.share)
    draft = _draft(answer, directory, currency, changes, money=not unit)
    terms = plan.in_force.terms
    hold = why_held(terms, due, duplicate=False, earned=0 if unit else cost)
    ends = hold_end(due.occurred_at, terms.hold_days)
    draft.book(override.name, draft.sums(cost, unit), HELD if hold else ends, unit)
    return answer.commission(draft, override.name, ends, tuple(changes.rates), [], hold=hold)


def _draft(
    answer: Answer, directory: Directory, currency: str, changes: Changes, money: bool
) -> Draft:
    due = answer.due
    unit = directory.partner_currency(due.partner, due.known) or currency
    rate = changes.find(currency, unit) if money else SAME
    return Draft(answer.account, due.program, currency, unit, rate, answer.at)


def _earn(
    fitted: Fitted,
    due: CommissionDue,
    counters: Counters,
    worth: Exchange,
    changes: Changes,
    currency: str,
) -> Earned:
    planned, parts = fitted
    rule = planned.rule
    rate = rate_at(planned, counters, due.occurred_at) if planned.levels else rule.amount
    has_bounds = parts > 0 or due.kind == "lead"  # an item given away has no minimum
    if rule.type == "flat":
        change = SAME if planned.unit else changes.find(rule.currency or currency, currency)
        if planned.retroactive:
            weight = weight_of(planned, Amount(0, 1), due.share)
            return Earned(planned, due_to(planned, weight, rate, change), weight)
        amount = Amount(rate * change.numerator, change.denominator)
        if has_bounds:
            amount = bounded(amount, rule)
        return Earned(planned, split(amount, due.before, due.share), 0)
    base = base_of(rule, parts, due, worth)
    if planned.retroactive:
        weight = weight_of(planned, base, due.share)
        return Earned(planned, due_to(planned, weight, rate, SAME), weight)
    amount = percent(base, rate)
    if has_bounds:
        amount = bounded(amount, rule)
    if rule.collects == "partner":
        wholesale = split(base, due.before, due.share) - split(amount, due.before, due.share)
        return Earned(planned, -wholesale, 0)
    return Earned(planned, split(amount, due.before, due.share), 0)


def _own_gains(
    earned: list[Earned],
    costs: list[int],
    draft: Draft,
    due: CommissionDue,
    worth: Exchange,
    plan: Plan,
) -> dict[str, int]:
    """What the partner's counters gain by the conversion itself."""
    kind, month = due.kind, month_of(due.occurred_at)
    gains = {f"{kind}/count/{month}": 1}
    amount = split(Amount(due.amount * worth.numerator, worth.denominator), due.before, due.share)
    if amount:
        gains[f"{kind}/amount/{month}"] = amount
    if plan.caps:
        gains |= counted([one.planned for one in earned], costs, due.occurred_at)
    for one in earned:
        if one.planned.retroactive and one.weight:
            unit = one.planned.unit or draft.unit
            gains[group_of(one.planned, due.occurred_at, unit).weight] = one.weight
    return gains
