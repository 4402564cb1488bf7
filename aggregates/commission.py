"""The reviews of one commission: what people decided of it, beside what its terms say.

    (booked) ─┬─ held ─┬─ released ─ held ─ …
              │        │
              └────────┴─ rejected              adjusted: in any state but rejected

A commission is booked by the journal, not here: it may be held by its terms from birth, so
releasing, rejecting and adjusting need no `held` before them. What a decision can do is the
journal's answer (an entry, or `no_effect` and why).
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
        self._only_from("booked", "released", to="held", of=of)
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
        self._only_from("booked", "held", to="released", of=of)
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
        self._only_from("booked", "held", "released", to="rejected", of=of)
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
        self._only_from("booked", "held", "released", to="adjusted", of=of)
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

    def _only_from(self, *statuses: Status, to: str, of: Reviewed) -> None:
        if self.status not in statuses:
            for_what = f", for {self.reason!r}" if self.reason else ""
            remedy = "; adjust the partner's account instead" if self.status == "rejected" else ""
            raise Conflict(
                f"the commission of {of} is {self.status}{for_what}; only one that is "
                f"{' or '.join(statuses)} can be {to}{remedy}"
            )


def _check_reason(reason: str) -> None:
    if reason:
        name_of("reason", reason)
