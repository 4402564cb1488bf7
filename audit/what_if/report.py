"""The answer to a what-if put together from what all partitions come to.

Every list is in a fixed order, so that the same question to the same log has the same answer
to the byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from audit.what_if.answer import (
    Asked,
    Count,
    PartnerTotal,
    PayoutChanged,
    RulePaid,
    RuleTotal,
    UnitTotal,
    WhatIf,
)
from audit.what_if.attributing import Outcome
from audit.what_if.compare import Compared, Paid
from audit.what_if.question import Question
from audit.what_if.sums import Account, Answered
from projections.candidate import BEGINNING, END, Candidate


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
