"""What a what-if answers: by unit, by partner, by rule, and the commissions that move most.

Amounts are minor units; `difference` is what would have been more.
"""

from __future__ import annotations

from msgspec import Struct

from audit.what_if.compare import Move
from audit.what_if.reviews import ReviewChanged
from events.terms import Terms


class Asked(Struct, frozen=True):
    """Candidate terms, and in whose place they stand."""

    program: str
    partner: str
    """Whose own terms they are; empty: the general ones."""
    begins: int | None
    ends: int | None
    """Milliseconds since 1970 UTC, the end exclusive; None: no bound."""
    without_individual: bool
    terms: Terms


class UnitTotal(Struct, frozen=True):
    """What a program would have owed for in one unit."""

    program: str
    unit: str
    actual: int
    what_if: int
    difference: int
    waiting: int
    """Of `actual`: what waits for a person."""
    what_if_waiting: int
    paid_out: int
    """What payouts took of it in history."""
    overpaid: int
    """What was paid out beyond what partners would have earned, partner by partner."""


class PartnerTotal(Struct, frozen=True):
    """The same of one partner."""

    program: str
    partner: str
    unit: str
    actual: int
    what_if: int
    difference: int
    waiting: int
    what_if_waiting: int
    paid_out: int
    overpaid: int


class RuleTotal(Struct, frozen=True):
    """What one rule gave, all partners together."""

    program: str
    kind: str
    rule: str
    unit: str
    actual: int
    what_if: int
    difference: int
    deals: int
    what_if_deals: int
    moved: int


class Count(Struct, frozen=True):
    """How often something happened on each side."""

    program: str
    what: str
    why: str
    actual: int
    what_if: int


class PayoutChanged(Struct, frozen=True):
    """A payout that the account would have answered otherwise; minor units, 0: refused."""

    program: str
    partner: str
    payout: str
    unit: str
    actual: int
    what_if: int
    overpaid: int
    """What was taken beyond what the account would have given."""
    reason: str
    """Why it would have been refused."""


class RulePaid(Struct, frozen=True):
    """One partner's part of a rule: the row of the warehouse's table."""

    program: str
    partner: str
    kind: str
    rule: str
    unit: str
    actual: int
    what_if: int
    deals: int
    what_if_deals: int
    moved: int


class WhatIf(Struct, frozen=True):
    """The answer."""

    asked: list[Asked]
    clicks_counted: int
    clicks_refused: int
    """Clicks that the question judges otherwise than history did."""
    conversions: int
    """Read, of all programs."""
    instructions: int
    records: int
    totals: list[UnitTotal]
    partners: list[PartnerTotal]
    rules: list[RuleTotal]
    moved: int
    """Commissions that would have been others."""
    moves: list[Move]
    """Of each unit those that move most."""
    conversions_by_outcome: list[Count]
    effects: list[Count]
    payouts: list[PayoutChanged]
    reviews: list[ReviewChanged]
    rows: list[RulePaid]
