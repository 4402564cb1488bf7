"""What one person may not do alone, and what must be shown as it was: from decisions alone.

payout.approved        somebody else proposed it, with the same content
agreement.accepted     cites the hash of the version it names
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import DecodeError

from aggregates.person import same_person
from audit.difference import Difference
from events.decisions import (
    AgreementAccepted,
    AgreementPublished,
    Decision,
    PayoutApproved,
    PayoutProposed,
)

NAMES = ("payout.proposed", "payout.approved", "agreement.published", "agreement.accepted")


def false_approvals(decisions: Iterable[Decision]) -> Iterator[Difference]:
    """Approvals nobody else asked for, and acceptances of what was never published."""
    proposed: dict[str, PayoutProposed] = {}
    published: dict[tuple[str, int], str] = {}
    for decision in decisions:
        if decision.name not in NAMES:
            continue
        try:
            fact = decision.fact()
        except DecodeError:
            continue
        if isinstance(fact, PayoutProposed):
            proposed.setdefault(fact.payout, fact)
        elif isinstance(fact, AgreementPublished):
            published.setdefault((fact.program, fact.version), fact.sha256)
        elif isinstance(fact, PayoutApproved):
            yield from _approval(decision, fact, proposed.get(fact.payout))
        elif isinstance(fact, AgreementAccepted):
            shown = published.get((fact.program, fact.version))
            if shown != fact.sha256:
                yield Difference(
                    "altered",
                    decision.position,
                    f"{fact.person} accepted {fact.sha256} as version {fact.version} of "
                    f"{fact.program}'s agreement; what was published is {shown or 'nothing'}",
                )


def _approval(
    decision: Decision, fact: PayoutApproved, asked: PayoutProposed | None
) -> Iterator[Difference]:
    said = f"approves payout {fact.payout}"
    if asked is None:
        yield Difference("foreign", decision.position, f"{said}, which nobody proposed")
    elif same_person(asked.by, fact.by):
        yield Difference("payout", decision.position, f"{said}; {fact.by} asked for it too")
    elif (asked.program, asked.partner, asked.unit, asked.amount) != (
        fact.program,
        fact.partner,
        fact.unit,
        fact.amount,
    ):
        yield Difference("payout", decision.position, f"{said} with other content than proposed")
