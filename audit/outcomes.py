"""Payouts as decisions tell them, held against the journal.

The journal answers a request: funded, or refused. The Payout aggregate is told so once, by
a decision that cites the entry. A telling without that entry, with another amount, or a
second one would pay out what the ledger never set aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import DecodeError, Struct

from audit.difference import Difference
from events.decisions import Decision, PayoutFunded, PayoutRefused
from events.journal import Entry

ANSWERS = ("payout_funded", "payout_refused")


class Answer(Struct, frozen=True):
    """What the journal said to the request of a payout."""

    position: str
    """Of the journal entry."""
    amount: int
    """Minor units moved to in transit; 0 when refused."""


def answer_of(entry: Entry, position: str) -> Answer | None:
    """The answer an entry gives; None for all other entries."""
    if entry.kind not in ANSWERS:
        return None
    return Answer(position, sum(leg.amount for leg in entry.legs if leg.account == "in_transit"))


def false_tellings(
    decisions: Iterable[Decision], answers: Mapping[str, Answer]
) -> Iterator[Difference]:
    """The decisions that tell a payout other than the journal answered. `answers`: by payout."""
    told: dict[str, str] = {}
    for decision in decisions:
        if decision.name not in ("payout.funded", "payout.refused"):
            continue
        try:
            fact = decision.fact()
        except DecodeError:
            continue
        assert isinstance(fact, PayoutFunded | PayoutRefused)
        payout = fact.payout
        amount = fact.amount if isinstance(fact, PayoutFunded) else 0
        answer = answers.get(payout)
        said = f"tells payout {payout} that {fact.entry} set aside {amount}"
        if answer is None:
            yield Difference("payout", decision.position, f"{said}; no entry answers it")
        elif (fact.entry, amount) != (answer.position, answer.amount):
            yield Difference(
                "payout",
                decision.position,
                f"{said}; the journal set aside {answer.amount} by {answer.position}",
            )
        elif payout in told:
            yield Difference(
                "payout", decision.position, f"{said}; it was told so by {told[payout]} already"
            )
        told.setdefault(payout, decision.position)
