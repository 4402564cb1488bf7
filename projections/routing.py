"""Routing: which accounts must book what, so that each finds it in one partition.

No state but numbers and no decision: an attribution becomes the instructions of the
partners it credits, a decision about a payout, a commission or an account becomes that of
its partner. All that touches one account then stands in one partition of `instructions`,
in one order.

The numbers are dense for each pair of source and target partition. The relay may write an
instruction twice; it may not skip one without every reader seeing the gap.
"""

from __future__ import annotations

from msgspec import structs

from events import topics
from events.attributions import Attribution, RefundedDeal
from events.instructions import CommissionDue, Instruction, RefundDue, ReviewDue
from events.partitioning import partition_of
from projections.decision_routing import UNNUMBERED, route_decision

__all__ = ["UNNUMBERED", "Numbering", "route_attribution", "route_decision"]


def route_attribution(attribution: Attribution, source: str) -> tuple[Instruction, ...]:
    """Instructions of the attribution at position `source`, unnumbered: one for each credit
    of a lead or deal, one for each credit of each deal that bears a refund. None for an
    attribution that is not of the conversion its number and partition say: it is forged.

    Of a deal that was assigned: what takes the commissions back from those who had it, then
    those of who has it now, then what was refunded of it before."""
    if attribution.outcome not in ("credited", "refunded", "assigned"):
        return ()
    partition = source.rsplit("/", 2)[1]
    if attribution.source != f"{topics.CONVERSIONS}/{partition}/{attribution.n}":
        return ()
    if attribution.outcome == "credited":
        return _commissions(attribution, source)
    refunds = tuple(
        instruction
        for deal in attribution.refunded
        for instruction in _refunds(attribution, deal, source)
    )
    if attribution.outcome == "refunded":
        return refunds
    return (
        *_withdrawals(attribution, source),
        *_commissions(attribution, source),
        *refunds,
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
    assigned = attribution.outcome == "assigned"
    conversion = attribution.conversion if assigned else attribution.source
    if attribution.engine:
        # What a person assigned was looked at: it is never too old.
        recorded_at = 0 if assigned else attribution.recorded_at
        return tuple(
            CommissionDue(  # by place, as in `attribution`: names cost a third of it
                UNNUMBERED,
                source,
                credit.partner,
                attribution.program,
                kind,
                attribution.event_id,
                conversion,
                attribution.occurred_at,
                attribution.known,
                credit.share,
                credit.method,
                attribution.deal,
                attribution.amount,
                attribution.currency,
                credit.click_id,
                attribution.engine,
                recorded_at,
                attribution.customer,
                attribution.identity,
                attribution.country,
                attribution.coupon,
                attribution.purchase,
                attribution.first_at,
                attribution.tax,
                attribution.shipping,
                attribution.items,
                credit.before,
                credit.level,
                credit.via,
                credit.hold,
            )
            for credit in attribution.credits
        )
    return tuple(
        CommissionDue(
            UNNUMBERED,
            source,
            credit.partner,
            attribution.program,
            kind,
            attribution.event_id,
            conversion,
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
    commissions = dict.fromkeys(
        (credit.partner, credit.level, credit.via) for credit in deal.credits
    )
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
            level=level,
            via=via,
        )
        for partner, level, via in commissions
    )


def _withdrawals(attribution: Attribution, source: str) -> tuple[Instruction, ...]:
    return tuple(
        ReviewDue(
            n=UNNUMBERED,
            source=source,
            partner=credit.partner,
            program=attribution.program,
            step="rejected",
            deal=attribution.deal,
            via=credit.via,
            reason="reassigned",
            by=attribution.by,
        )
        for credit in attribution.withdrawn
    )
