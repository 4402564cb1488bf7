"""What a what-if found: by unit, by partner, by rule, and the commissions that move most.

Amounts are minor units; `difference` is what would have been more. Every list is in a fixed
order, so that the same question to the same log has the same answer to the byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from audit.what_if.attributing import Outcome
from audit.what_if.compare import Compared, Move, Paid
from audit.what_if.question import Question
from audit.what_if.reviews import ReviewChanged
from audit.what_if.sums import Account, Answered
from events.terms import Terms
from projections.candidate import BEGINNING, END, Candidate


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


def report(
    question: Question,
    compared: Compared,
    actual: Counter[Outcome],
    other: Counter[Outcome],
    conversions: int,
    instructions: int,
    records: int,
) -> WhatIf:
    """The answer to `question`, of all partitions together."""
    partners = _partners(compared)
    return WhatIf(
        [_asked(one) for one in question.candidates],
        len(question.clicks.counted),
        len(question.clicks.refused),
        conversions,
        instructions,
        records,
        _totals(partners),
        partners,
        _rules(compared),
        compared.moved,
        [move for unit in sorted(compared.moves) for move in compared.moves[unit]],
        _counts(actual, other),
        _counts(compared.effects, compared.what_if_effects),
        _payouts(compared),
        sorted(compared.reviews, key=lambda one: _place(one.position)),
        [
            RulePaid(*rule, paid.actual, paid.what_if, paid.deals, paid.what_if_deals, paid.moved)
            for rule, paid in sorted(compared.paid.items())
        ],
    )


def _asked(candidate: Candidate) -> Asked:
    return Asked(
        candidate.program,
        candidate.terms.partner,
        None if candidate.begins == BEGINNING else candidate.begins,
        None if candidate.ends == END else candidate.ends,
        candidate.without_individual,
        candidate.terms,
    )


def _partners(compared: Compared) -> list[PartnerTotal]:
    sums: dict[Account, Paid] = {}
    for rule, paid in compared.paid.items():
        sums.setdefault(Account(rule.program, rule.partner, rule.unit), Paid()).add(paid)
    accounts = sums.keys() | compared.paid_out.keys()
    found = []
    for account in sorted(accounts):
        paid, out = sums.get(account, Paid()), compared.paid_out[account]
        found.append(
            PartnerTotal(
                *account,
                paid.actual,
                paid.what_if,
                paid.what_if - paid.actual,
                compared.waiting[account],
                compared.what_if_waiting[account],
                out,
                max(0, out - max(0, paid.what_if)),
            )
        )
    return found


def _totals(partners: Iterable[PartnerTotal]) -> list[UnitTotal]:
    sums: dict[tuple[str, str], list[int]] = {}
    for one in partners:
        amounts = (
            one.actual, one.what_if, one.difference, one.waiting, one.what_if_waiting,
            one.paid_out, one.overpaid,
        )  # fmt: skip
        held = sums.setdefault((one.program, one.unit), [0] * len(amounts))
        held[:] = [sum(both) for both in zip(held, amounts, strict=True)]
    return [UnitTotal(*of, *amounts) for of, amounts in sorted(sums.items())]


def _rules(compared: Compared) -> list[RuleTotal]:
    sums: dict[tuple[str, str, str, str], Paid] = {}
    for rule, paid in compared.paid.items():
        of = (rule.program, rule.kind, rule.rule, rule.unit)
        sums.setdefault(of, Paid()).add(paid)
    return [
        RuleTotal(
            *of,
            paid.actual,
            paid.what_if,
            paid.what_if - paid.actual,
            paid.deals,
            paid.what_if_deals,
            paid.moved,
        )
        for of, paid in sorted(sums.items())
    ]


def _counts(
    actual: Counter[tuple[str, str, str]], other: Counter[tuple[str, str, str]]
) -> list[Count]:
    return [Count(*of, actual[of], other[of]) for of in sorted(actual.keys() | other.keys())]


def _payouts(compared: Compared) -> list[PayoutChanged]:
    nothing = Answered("", 0, "", "")
    found = []
    for of, said, would_say in sorted(compared.payouts, key=lambda one: one[0]):
        was, would = said or nothing, would_say or nothing
        if was.amount == would.amount and was.kind == would.kind:
            continue  # refused for another reason
        found.append(
            PayoutChanged(
                *of,
                was.unit or would.unit,
                was.amount,
                would.amount,
                max(0, was.amount - would.amount),
                would.reason,
            )
        )
    return found


def _place(position: str) -> tuple[str, int]:
    topic, _, offset = position.rpartition("/")
    return topic, int(offset)
