"""What a rule gives for a whole deal, as an exact fraction, and a partner's part of it.

    percentage   base × rate          flat   its amount, once a deal
    split        what all partners up to this one have, less what those before it have

Nothing is rounded before the split: so the parts of a deal always add up to the whole.
"""

from __future__ import annotations

from typing import NamedTuple

from events.instructions import CommissionDue
from events.terms import Override, Rule
from projections.exchange import Exchange
from projections.money import BASIS_POINTS, round_half_away


class Amount(NamedTuple):
    """`numerator / denominator` minor units; the denominator is positive."""

    numerator: int
    denominator: int


NOTHING = Amount(0, 1)


def split(amount: Amount, before: int, share: int) -> int:
    """The part of `amount` that is this partner's, minor units; shares in basis points."""
    numerator, denominator = amount
    denominator *= BASIS_POINTS
    whole = round_half_away(numerator * (before + share), denominator)
    return whole - round_half_away(numerator * before, denominator) if before else whole


def base_of(rule: Rule, parts: int, due: CommissionDue, change: Exchange) -> Amount:
    """What the rule is reckoned on: `parts` of the deal (minor units of its currency), and tax
    and shipping in proportion where the rule includes them, in the program's currency."""
    numerator, denominator = parts, 1
    if rule.includes and due.amount:
        extra = sum([due.tax if what == "tax" else due.shipping for what in rule.includes])
        numerator, denominator = parts * (due.amount + extra), due.amount
    return Amount(numerator * change.numerator, denominator * change.denominator)


def percent(base: Amount, rate: int) -> Amount:
    """`rate` basis points of `base`."""
    return Amount(base.numerator * rate, base.denominator * BASIS_POINTS)


def bounded(amount: Amount, rule: Rule | Override) -> Amount:
    """Not less than the rule's minimum and not more than its maximum, where it has them."""
    if isinstance(rule, Override):
        return amount
    if rule.minimum and amount.numerator < rule.minimum * amount.denominator:
        return Amount(rule.minimum, 1)
    if rule.maximum and amount.numerator > rule.maximum * amount.denominator:
        return Amount(rule.maximum, 1)
    return amount


def rest(base: Amount, part: Amount) -> Amount:
    """`base` less `part`."""
    return Amount(
        base.numerator * part.denominator - part.numerator * base.denominator,
        base.denominator * part.denominator,
    )
