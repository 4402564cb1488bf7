"""Routing: which accounts must book what, so that each finds it in one partition.

No state but numbers and no decision: an attribution becomes the instructions of the
partners it credits, a decision about a payout becomes that of its partner. All that
touches one account then stands in one partition of `instructions`, in one order.

The numbers are dense for each pair of source and target partition. The relay may write an
instruction twice; it may not skip one without every reader seeing the gap.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import structs

from events import topics
from events.attributions import Attribution, RefundedDeal
from events.decisions import (
    Decision,
    PayoutFailed,
    PayoutRequested,
    PayoutSent,
    PayoutSettled,
)
from events.instructions import CommissionDue, Instruction, PayoutDue, RefundDue
from events.partitioning import partition_of

UNNUMBERED = -1

PAYOUT_STEPS: dict[str, Literal["requested", "sent", "settled", "failed"]] = {
    "payout.requested": "requested",
    "payout.sent": "sent",
    "payout.settled": "settled",
    "payout.failed": "failed",
}
"""Decisions that an account must book. What the journal itself said (funded, refused) comes
back as a decision too, but is not booked again."""


def route_attribution(attribution: Attribution, source: str) -> tuple[Instruction, ...]:
    """Instructions of the attribution at position `source`, unnumbered: one for each credit
    of a lead or deal, one for each partner of each deal that bears a refund. None for an
    attribution that is not of the conversion its number and partition say: it is forged."""
    if attribution.outcome not in ("credited", "refunded"):
        return ()
    partition = source.rsplit("/", 2)[1]
    if attribution.source != f"{topics.CONVERSIONS}/{partition}/{attribution.n}":
        return ()
    if attribution.outcome == "credited":
        return _commissions(attribution, source)
    return tuple(
        instruction
        for deal in attribution.refunded
        for instruction in _refunds(attribution, deal, source)
    )


def route_decision(decision: Decision) -> tuple[Instruction, ...]:
    """The instruction of a payout's step, unnumbered; none for any other decision, nor for
    one that cannot be read (the directory keeps those)."""
    step = PAYOUT_STEPS.get(decision.name)
    if step is None:
        return ()
    try:
        found = decision.fact()
    except msgspec.DecodeError:
        return ()
    assert isinstance(found, PayoutRequested | PayoutSent | PayoutSettled | PayoutFailed)
    return (
        PayoutDue(
            n=UNNUMBERED,
            source=decision.position,
            number=decision.number,
            partner=found.partner,
            program=found.program,
            payout=found.payout,
            step=step,
            unit=found.unit if isinstance(found, PayoutRequested) else "",
            amount=found.amount if isinstance(found, PayoutRequested) else 0,
            reason=found.reason if isinstance(found, PayoutFailed) else "",
        ),
    )


class Numbering:
    """The numbers of one source partition's instructions, by target partition."""

    def __init__(self, next: dict[int, int] | None = None) -> None:
        self.next: dict[int, int] = dict(next or {})
        """Target partition → number of the next instruction."""

    def number(self, instruction: Instruction, partitions: int) -> tuple[int, Instruction]:
        """The target partition (of `partitions`) and the instruction with its number."""
        target = partition_of(instruction.partner, partitions)
        n = self.next.get(target, 0)
        self.next[target] = n + 1
        return target, structs.replace(instruction, n=n)


def _commissions(attribution: Attribution, source: str) -> tuple[Instruction, ...]:
    kind = attribution.kind
    assert kind != "refund" and kind != ""
    return tuple(
        CommissionDue(
            UNNUMBERED,
            source,
            credit.partner,
            attribution.program,
            kind,
            attribution.event_id,
            attribution.source,
            attribution.occurred_at,
            attribution.known,
            credit.share,
            credit.method,
            attribution.deal,
            attribution.amount,
            attribution.currency,
            credit.click_id,
        )
        for credit in attribution.credits
    )


def _refunds(attribution: Attribution, deal: RefundedDeal, source: str) -> tuple[Instruction, ...]:
    partners = dict.fromkeys(credit.partner for credit in deal.credits)
    return tuple(
        RefundDue(
            n=UNNUMBERED,
            source=source,
            partner=partner,
            program=attribution.program,
            event_id=attribution.event_id,
            conversion=attribution.source,
            occurred_at=attribution.occurred_at,
            deal=deal.deal,
            amount=deal.amount,
            currency=attribution.currency,
            known=attribution.known,
            reason=attribution.reason,
            deal_conversion=deal.conversion,
        )
        for partner in partners
    )
