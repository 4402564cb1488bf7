"""Which rules pay for a conversion, and on how much of it.

A deal is taken apart into its items; what they do not cover is one more part, without product
and category. Each part is paid by the first rule that fits it, and on top by every rule with
`adds` that fits.
"""

from __future__ import annotations

from typing import NamedTuple

from events.instructions import CommissionDue
from events.terms import Modifier
from projections.money import round_half_away
from projections.periods import months_later
from projections.rewards.plan import Plan, PlannedRule

FIRST_PURCHASE = 1


class Fitted(NamedTuple):
    """A rule that pays, and the parts of the deal it pays for, minor units of the deal."""

    planned: PlannedRule
    base: int


class Part(NamedTuple):
    """An item of the order."""

    product: str
    category: str
    amount: int


def fit(plan: Plan, due: CommissionDue) -> list[Fitted]:
    """The rules that pay for `due`, in the order of the terms."""
    rules = [planned for planned in plan.rules if _fits_whole(planned, due)]
    if plan.by_part:
        return _fit_parts(rules, parts(due))
    found = []
    paid = False
    for planned in rules:
        if planned.rule.adds or not paid:
            found.append(Fitted(planned, due.amount))
            paid = paid or not planned.rule.adds
    return found


def fit_one(plan: Plan, due: CommissionDue) -> PlannedRule | None:
    """The first rule that pays, where no rule adds and none asks for items."""
    for planned in plan.rules:
        if not (planned.whole or planned.months) or _fits_whole(planned, due):
            return planned
    return None


def parts(due: CommissionDue) -> list[Part]:
    """The parts of a deal: they add up to its amount. Items that come to more are scaled down
    in proportion; a lead has one part of nothing."""
    amount = due.amount
    listed = sum(item.amount for item in due.items)
    found = []
    seen = 0
    for item in due.items:
        worth = item.amount
        if listed > amount:
            before, seen = seen, seen + item.amount
            worth = round_half_away(amount * seen, listed) - round_half_away(
                amount * before, listed
            )
        found.append(Part(item.product, item.category, worth))
    if listed < amount or not found:
        found.append(Part("", "", amount - listed))
    return found


def _fit_parts(rules: list[PlannedRule], parts: list[Part]) -> list[Fitted]:
    bases: dict[int, int] = {}
    for part in parts:
        paid = False
        for place, planned in enumerate(rules):
            if (paid and not planned.rule.adds) or not _fits_part(planned.part, part):
                continue
            bases[place] = bases.get(place, 0) + part.amount
            paid = paid or not planned.rule.adds
    return [Fitted(rules[place], bases[place]) for place in sorted(bases)]


def _fits_whole(planned: PlannedRule, due: CommissionDue) -> bool:
    if planned.months and due.occurred_at >= months_later(due.first_at, planned.months):
        return False
    return not planned.whole or all(_holds(one, _value(one, due)) for one in planned.whole)


def _fits_part(modifiers: tuple[Modifier, ...], part: Part) -> bool:
    return all(
        _holds(one, part.product if one.attribute == "product" else part.category)
        for one in modifiers
    )


def _value(modifier: Modifier, due: CommissionDue) -> str | int:
    attribute = modifier.attribute
    if attribute == "customer":
        return "new" if due.purchase <= FIRST_PURCHASE else "returning"
    value: str | int = getattr(due, attribute)
    return value


def _holds(modifier: Modifier, value: str | int) -> bool:
    wanted = modifier.value
    operator = modifier.operator
    if operator in ("at_least", "at_most"):
        bound, found = int(str(wanted)), int(value)
        return found >= bound if operator == "at_least" else found <= bound
    given = wanted if isinstance(wanted, tuple) else (wanted,)
    exact = modifier.attribute == "product"
    names = {str(one) if exact else str(one).upper() for one in given}
    found_in = (str(value) if exact else str(value).upper()) in names
    return found_in if operator in ("is", "in") else not found_in
