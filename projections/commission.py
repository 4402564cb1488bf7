"""Engine 1: what a lead or a deal earns under the terms in force.

The first rule for this kind of conversion decides. A percentage is taken of the amount,
then of the partner's share, and rounded once; a flat amount is shared the same way. A
deal of amount zero earns nothing, by a flat rule either: it could never be refunded, so
what it earned could never be clawed back.

A changed calculation is a new engine in a file of its own; this one stays as it is.
"""

from __future__ import annotations

from typing import NamedTuple

from events.instructions import CommissionDue
from events.terms import Rule, Terms
from projections.money import BASIS_POINTS, round_half_away


class Commission(NamedTuple):
    """What is earned: minor units of `unit`, and the rule that says so."""

    amount: int
    unit: str
    rule: str
    reason: str = ""
    """Why the amount is zero: `no_rule` or `zero_amount`."""


def commission(due: CommissionDue, terms: Terms, currency: str) -> Commission:
    """The commission of `due`. `currency`: the program's, the unit of what names no other."""
    unit = due.currency or currency
    rule = _rule(due, terms, currency)
    if rule is None:
        return Commission(0, unit, "", "no_rule")
    if due.kind == "lead":
        unit = rule.currency or currency
    elif due.amount <= 0:
        return Commission(0, unit, rule.name, "zero_amount")
    if rule.type == "percentage":
        amount = round_half_away(due.amount * rule.amount * due.share, BASIS_POINTS * BASIS_POINTS)
    else:
        amount = round_half_away(rule.amount * due.share, BASIS_POINTS)
    return Commission(amount, unit, rule.name, "" if amount > 0 else "zero_amount")


def _rule(due: CommissionDue, terms: Terms, currency: str) -> Rule | None:
    for rule in terms.rules:
        if rule.event == due.kind and (
            rule.type == "percentage"
            or due.kind == "lead"
            or (rule.currency or currency) == due.currency
        ):
            return rule
    return None
