"""The reviews of one commission: what people decided of it, beside what its terms say.

    held ─ released ─ held ─ …       rejected       adjusted

A commission is booked by the journal, not here: it may be held by its terms from birth, be
decided before it is booked, or be booked anew after it was rejected, when its deal is assigned
again. So no decision bars another one; what it can do is the journal's answer (an entry, or
`no_effect` and why). The same decision for the same reason is decided once.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from eventsourcing.domain import event

from aggregates.checks import change_of, foreign_of, name_of
from aggregates.decision import DecisionSeries
from aggregates.errors import Conflict, Invalid

Status = Literal["booked", "held", "released", "rejected"]


class Reviewed(NamedTuple):
    """Which commission: of a deal, or of a lead's event; `via` a sub-partner for an override."""

    program: str
    partner: str
    deal: str = ""
    event_id: str = ""
    via: str = ""

    def check(self) -> None:
        """Raises Invalid where it names no commission, or two."""
        if bool(self.deal) == bool(self.event_id):
            raise Invalid(
                "deal", self.deal or self.event_id, "a deal, or else the event id of a lead"
            )
        foreign_of("deal" if self.deal else "event_id", self.deal or self.event_id)

    def __str__(self) -> str:
        what = f"deal {self.deal}" if self.deal else f"lead {self.event_id}"
        return f"{what} for {self.partner} in {self.program}{self.via and f' via {self.via}'}"


class Commission(DecisionSeries):
    """What was decided of one partner's commission for one deal or lead."""

    TOPIC = "commission"

    @staticmethod
    def create_id(of: Reviewed) -> str:
        """`commission:acme/jane/deal/D-1`, with `/bob` for an override via bob."""
        of.check()
        kind = "deal" if of.deal else "lead"
        text = (of.deal or of.event_id).replace("%", "%25").replace("/", "%2F")
        return f"commission:{of.program}/{of.partner}/{kind}/{text}{of.via and f'/{of.via}'}"

    def __init__(self) -> None:
        self.status: Status = "booked"
        self.reason = ""
        self.adjustments: list[tuple[int, str]] = []
        """Amount (minor units of the commission's unit, signed) and reason."""

    def hold(self, of: Reviewed, reason: str, by: str = "") -> None:
        """It waits until it is released or rejected; `reason` stands on its entry."""
        name_of("reason", reason)
        if (self.status, self.reason) == ("held", reason):
            return
        if self.status == "held":
            raise Conflict(
                f"the commission of {of} is held already, for {self.reason!r}; release or reject it"
            )
        self._hold(of.program, of.partner, of.deal, of.event_id, reason, of.via, by)

    @event("Held", topic="commission.held")
    def _hold(
        self,
        program: str,
        partner: str,
        deal: str,
        event_id: str,
        reason: str,
        via: str,
        by: str,
    ) -> None:
        self.status = "held"
        self.reason = reason

    def release(self, of: Reviewed, reason: str = "", by: str = "") -> None:
        """It is owed as if it had not been held, by a person or by its terms."""
        _check_reason(reason)
        if (self.status, self.reason) == ("released", reason):
            return
        self._release(of.program, of.partner, of.deal, of.event_id, reason, of.via, by)

    @event("Released", topic="commission.released")
    def _release(
        self,
        program: str,
        partner: str,
        deal: str,
        event_id: str,
        reason: str,
        via: str,
        by: str,
    ) -> None:
        self.status = "released"
        self.reason = reason

    def reject(self, of: Reviewed, reason: str, by: str = "") -> None:
        """All that is left of it is taken back, for good."""
        name_of("reason", reason)
        if (self.status, self.reason) == ("rejected", reason):
            return
        self._reject(of.program, of.partner, of.deal, of.event_id, reason, of.via, by)

    @event("Rejected", topic="commission.rejected")
    def _reject(
        self,
        program: str,
        partner: str,
        deal: str,
        event_id: str,
        reason: str,
        via: str,
        by: str,
    ) -> None:
        self.status = "rejected"
        self.reason = reason

    def adjust(self, of: Reviewed, amount: int, reason: str, by: str = "") -> None:
        """Correct it by `amount` minor units of its unit, signed.

        The same amount for the same reason is the same adjustment, whenever it is repeated;
        to adjust by that amount once more, say another reason.
        """
        change_of("amount", amount)
        name_of("reason", reason)
        if (amount, reason) in self.adjustments:
            return
        self._adjust(of.program, of.partner, of.deal, of.event_id, amount, reason, of.via, by)

    @event("Adjusted", topic="commission.adjusted")
    def _adjust(
        self,
        program: str,
        partner: str,
        deal: str,
        event_id: str,
        amount: int,
        reason: str,
        via: str,
        by: str,
    ) -> None:
        self.adjustments.append((amount, reason))


def _check_reason(reason: str) -> None:
    if reason:
        name_of("reason", reason)
