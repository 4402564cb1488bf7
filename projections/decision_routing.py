"""Which accounts must book a decision: payouts, reviews of commissions, corrections, prizes.

What the journal itself said (a payout funded or refused) comes back as a decision too, but
is not booked again; nor is a payout that nobody has approved yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from events import decisions as fact
from events.decisions import Decision
from events.instructions import AdjustmentDue, Instruction, PayoutDue, ReviewDue

UNNUMBERED = -1


def route_decision(decision: Decision) -> tuple[Instruction, ...]:
    """The instructions of a decision that accounts must book, unnumbered; none for any other,
    nor for one that cannot be read (the directory keeps those)."""
    route = _ROUTES.get(decision.name)
    if route is None:
        return ()
    try:
        found = decision.fact()
    except msgspec.DecodeError:
        return ()
    return route(decision, found)


def _payout(decision: Decision, found: Any) -> tuple[Instruction, ...]:
    asked = isinstance(found, fact.PayoutRequested | fact.PayoutApproved)
    back = isinstance(found, fact.PayoutFailed | fact.PayoutReturned)
    return (
        PayoutDue(
            n=UNNUMBERED,
            source=decision.position,
            number=decision.number,
            partner=found.partner,
            program=found.program,
            payout=found.payout,
            step=_PAYOUT_STEPS[decision.name],
            unit=found.unit if asked else "",
            amount=found.amount if asked else 0,
            reason=found.reason if back else "",
            checked=isinstance(found, fact.PayoutApproved),
            run=found.run if asked else "",
        ),
    )


def _review(decision: Decision, found: Any) -> tuple[Instruction, ...]:
    return (
        ReviewDue(
            n=UNNUMBERED,
            source=decision.position,
            partner=found.partner,
            program=found.program,
            step=_REVIEW_STEPS[decision.name],
            deal=found.deal,
            event_id=found.event_id,
            via=found.via,
            amount=found.amount if isinstance(found, fact.CommissionAdjusted) else 0,
            reason=found.reason,
            by=found.by,
        ),
    )


def _account_adjusted(decision: Decision, found: fact.AccountAdjusted) -> tuple[Instruction, ...]:
    return (
        AdjustmentDue(
            n=UNNUMBERED,
            source=decision.position,
            partner=found.partner,
            program=found.program,
            kind="adjustment",
            adjustment=found.adjustment,
            unit=found.unit,
            amount=found.amount,
            reason=found.reason,
            by=found.by,
        ),
    )


def _payment_received(decision: Decision, found: fact.PaymentReceived) -> tuple[Instruction, ...]:
    return (
        AdjustmentDue(
            n=UNNUMBERED,
            source=decision.position,
            partner=found.partner,
            program=found.program,
            kind="payment_received",
            adjustment=found.receipt,
            unit=found.unit,
            amount=found.amount,
            reason=found.reference,
            by=found.by,
        ),
    )


def _contest_closed(decision: Decision, found: fact.ContestClosed) -> tuple[Instruction, ...]:
    return tuple(
        AdjustmentDue(
            n=UNNUMBERED,
            source=decision.position,
            partner=winner.partner,
            program=found.program,
            kind="award",
            adjustment=found.contest,
            unit=winner.unit,
            amount=winner.amount,
            reason=f"rank {winner.rank}",
            by=found.by,
        )
        for winner in found.winners
    )


_PAYOUT_STEPS: dict[str, Literal["requested", "sent", "settled", "failed", "returned"]] = {
    "payout.requested": "requested",
    "payout.approved": "requested",
    "payout.sent": "sent",
    "payout.settled": "settled",
    "payout.failed": "failed",
    "payout.returned": "returned",
}

_REVIEW_STEPS: dict[str, Literal["held", "released", "rejected", "adjusted"]] = {
    "commission.held": "held",
    "commission.released": "released",
    "commission.rejected": "rejected",
    "commission.adjusted": "adjusted",
}

_ROUTES: dict[str, Callable[[Decision, Any], tuple[Instruction, ...]]] = {
    **dict.fromkeys(_PAYOUT_STEPS, _payout),
    **dict.fromkeys(_REVIEW_STEPS, _review),
    "account.adjusted": _account_adjusted,
    "account.payment_received": _payment_received,
    "contest.closed": _contest_closed,
}
"""Decisions that accounts must book."""
