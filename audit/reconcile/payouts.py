"""Payouts as their decisions tell them, with the positions a bank's statement is held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import DecodeError, Struct

from events import decisions as fact
from events.decisions import Decision

PAID = ("settled", "returned")
"""Statuses of a payout that the partner had, or has, the money of."""


class LedgerPayout(Struct):
    """One payout, as of the newest decision about it."""

    payout: str
    program: str = ""
    partner: str = ""
    unit: str = ""
    amount: int = 0
    """What was set aside and so is sent, minor units."""
    status: str = ""
    at: dict[str, str] = {}
    """Status → position of the decision that made it so."""
    on: dict[str, int] = {}
    """Status → the broker's time of that decision, ms."""
    reason: str = ""

    @property
    def position(self) -> str:
        """Of the newest decision about it."""
        return self.at.get(self.status, "")


STEPS: Mapping[type[Any], str] = {
    fact.PayoutProposed: "proposed",
    fact.PayoutApproved: "requested",
    fact.PayoutRequested: "requested",
    fact.PayoutCanceled: "canceled",
    fact.PayoutFunded: "funded",
    fact.PayoutRefused: "refused",
    fact.PayoutSent: "sent",
    fact.PayoutSettled: "settled",
    fact.PayoutFailed: "failed",
    fact.PayoutReturned: "returned",
}


def ledger_payouts(decisions: Iterable[Decision]) -> dict[str, LedgerPayout]:
    """Payout → what became of it, from all accepted decisions in order."""
    found: dict[str, LedgerPayout] = {}
    for decision in decisions:
        if not decision.name.startswith("payout."):
            continue
        try:
            told: Any = decision.fact()
        except DecodeError:
            continue
        step = STEPS.get(type(told))
        if step is not None:
            one = found.setdefault(told.payout, LedgerPayout(told.payout, at={}, on={}))
            _tell(one, step, told, decision)
    return found


def _tell(one: LedgerPayout, step: str, told: Any, decision: Decision) -> None:
    one.status = step
    one.at[step] = decision.position
    one.on[step] = decision.recorded_at
    one.reason = getattr(told, "reason", "")
    if step in ("proposed", "requested"):
        one.program, one.partner, one.unit = told.program, told.partner, told.unit
    if step == "funded":
        one.amount = told.amount
