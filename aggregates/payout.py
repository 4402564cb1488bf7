"""A payout, in two phases: the money is set aside first, and paid or put back later.

    requested ─┬─ funded ─┬─ sent ─┬─ settled
               └─ refused └────────┴─ failed

The journal answers a request: funded (moved to in transit), or refused and why. What
happens to the transfer is told by people. A payout has at most one outcome.
"""

from __future__ import annotations

from eventsourcing.domain import event

from aggregates.checks import amount_of, position_of, slug_of, unit_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Conflict
from events.decisions import PayoutStatus


class Payout(DecisionAggregate):
    """A sum a partner is to be paid: requested, answered by the journal, then sent."""

    TOPIC = "payout"

    @staticmethod
    def create_id(payout: str) -> str:
        return f"payout:{payout}"

    @event("Created", topic="payout.requested")
    def __init__(
        self, payout: str, program: str, partner: str, unit: str, amount: int, by: str
    ) -> None:
        self.payout = payout
        self.program = program
        self.partner = partner
        self.unit = unit
        self.requested_amount = amount
        self.status: PayoutStatus = "requested"
        self.amount = 0
        """Minor units in transit or paid, once funded."""
        self.entry = ""
        self.reason = ""
        self.sent_reference = ""
        self.settled_reference = ""

    @classmethod
    def request(
        cls, payout: str, partner: str, program: str, unit: str, amount: int = 0, by: str = ""
    ) -> Payout:
        """Ask for `amount` minor units of `unit`; 0 asks for all that is available."""
        return cls(
            payout=slug_of("payout", payout),
            program=program,
            partner=partner,
            unit=unit_of("unit", unit),
            amount=amount_of("amount", amount),
            by=by,
        )

    def repeat_request(self, partner: str, program: str, unit: str, amount: int) -> None:
        """Nothing, if the payout is the same; AlreadyExists if it is another."""
        stands = (self.partner, self.program, self.unit, self.requested_amount)
        if stands != (partner, program, unit, amount):
            raise AlreadyExists(
                f"payout {self.payout} exists: partner {self.partner} in {self.program}, "
                f"{self.requested_amount or 'all'} {self.unit}; choose another id"
            )

    def fund(self, amount: int, entry: str) -> None:
        """The journal set `amount` minor units aside, by the entry at position `entry`."""
        amount_of("amount", amount, least=1)
        position_of("entry", entry)
        if self.entry == entry and self.status != "refused" and self.amount == amount:
            return
        self._only_from("requested", to="funded")
        self._fund(self.payout, amount, entry)

    @event("Funded", topic="payout.funded")
    def _fund(self, payout: str, amount: int, entry: str) -> None:
        self.status = "funded"
        self.amount = amount
        self.entry = entry

    def refuse(self, reason: str, entry: str) -> None:
        """The journal refused it, by the entry at position `entry`."""
        position_of("entry", entry)
        if (self.status, self.entry, self.reason) == ("refused", entry, reason):
            return
        self._only_from("requested", to="refused")
        self._refuse(self.payout, reason, entry)

    @event("Refused", topic="payout.refused")
    def _refuse(self, payout: str, reason: str, entry: str) -> None:
        self.status = "refused"
        self.reason = reason
        self.entry = entry

    def send(self, reference: str = "", by: str = "") -> None:
        """The transfer is on its way; `reference` is the bank's or the provider's."""
        if self.status in {"sent", "settled"} and self.sent_reference == reference:
            return
        self._only_from("funded", to="sent")
        self._send(self.payout, self.program, self.partner, reference, by)

    @event("Sent", topic="payout.sent")
    def _send(self, payout: str, program: str, partner: str, reference: str, by: str) -> None:
        self.status = "sent"
        self.sent_reference = reference

    def settle(self, reference: str = "", by: str = "") -> None:
        """The partner has the money."""
        if self.status == "settled" and self.settled_reference == reference:
            return
        self._only_from("sent", to="settled")
        self._settle(self.payout, self.program, self.partner, reference, by)

    @event("Settled", topic="payout.settled")
    def _settle(self, payout: str, program: str, partner: str, reference: str, by: str) -> None:
        self.status = "settled"
        self.settled_reference = reference

    def fail(self, reason: str = "", by: str = "") -> None:
        """The transfer came back or was never made: the money is available again."""
        if self.status == "failed" and self.reason == reason:
            return
        self._only_from("funded", "sent", to="failed")
        self._fail(self.payout, self.program, self.partner, reason, by)

    @event("Failed", topic="payout.failed")
    def _fail(self, payout: str, program: str, partner: str, reason: str, by: str) -> None:
        self.status = "failed"
        self.reason = reason

    def _only_from(self, *statuses: PayoutStatus, to: PayoutStatus) -> None:
        if self.status not in statuses:
            raise Conflict(
                f"payout {self.payout} is {self.status}; "
                f"only one that is {' or '.join(statuses)} can be {to}"
            )
