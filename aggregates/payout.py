"""A payout, in two phases: the money is set aside first, and paid or put back later.

    proposed ─┬─ approved ┐
              └─ canceled └ requested ─┬─ funded ─┬─ sent ─┬─ settled ── returned
                                       └─ refused └────────┴─ failed

Where the terms ask for two persons a payout is proposed first: it is requested once somebody
else approves it. The journal answers a request: funded (moved to in transit), or refused and
why. What happens to the transfer is told by people. A payout has at most one outcome; one
that was settled may come back from the bank.
"""

from __future__ import annotations

from eventsourcing.domain import event

from aggregates.checks import amount_of, position_of, slug_of, unit_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.person import same_person
from events.decisions import PayoutStatus


class Payout(DecisionAggregate):
    """A sum a partner is to be paid: requested, answered by the journal, then sent."""

    TOPIC = "payout"

    @staticmethod
    def create_id(payout: str) -> str:
        return f"payout:{payout}"

    class Proposed(DecisionAggregate.Created):
        """The other way in: what a second person must approve first."""

        TOPIC = "payout.proposed"

        payout: str
        program: str
        partner: str
        unit: str
        amount: int
        by: str
        run: str

        def apply(self, aggregate: Payout) -> None:
            aggregate.status = "proposed"

    @event("Created", topic="payout.requested")
    def __init__(
        self,
        payout: str,
        program: str,
        partner: str,
        unit: str,
        amount: int,
        by: str,
        run: str = "",  # requests of earlier releases have none
    ) -> None:
        self.payout = payout
        self.program = program
        self.partner = partner
        self.unit = unit
        self.requested_amount = amount
        self.requested_by = by
        self.run = run
        """The payout run it belongs to; empty: none."""
        self.status: PayoutStatus = "requested"
        self.approved_by = ""
        self.amount = 0
        """Minor units in transit or paid, once funded."""
        self.entry = ""
        self.reason = ""
        self.sent_reference = ""
        self.settled_reference = ""

    @classmethod
    def request(
        cls,
        payout: str,
        partner: str,
        program: str,
        unit: str,
        amount: int = 0,
        by: str = "",
        run: str = "",
    ) -> Payout:
        """Ask for `amount` minor units of `unit`; 0 asks for all that is available."""
        return cls(
            payout=slug_of("payout", payout),
            program=program,
            partner=partner,
            unit=unit_of("unit", unit),
            amount=amount_of("amount", amount),
            by=by,
            run=run,
        )

    @classmethod
    def propose(
        cls,
        payout: str,
        partner: str,
        program: str,
        unit: str,
        amount: int = 0,
        by: str = "",
        run: str = "",
    ) -> Payout:
        """As `request`, for somebody other than `by` to approve: `by` must be named."""
        if not by.strip():
            raise Invalid("by", by, "who asks: the program's payouts need a second person")
        return cls._create(
            cls.Proposed,
            payout=slug_of("payout", payout),
            program=program,
            partner=partner,
            unit=unit_of("unit", unit),
            amount=amount_of("amount", amount),
            by=by,
            run=run,
        )

    def repeat_request(
        self, partner: str, program: str, unit: str, amount: int, run: str = ""
    ) -> None:
        """Nothing, if the payout is the same; AlreadyExists if it is another."""
        stands = (self.partner, self.program, self.unit, self.requested_amount, self.run)
        if stands != (partner, program, unit, amount, run):
            of_run = f" of run {self.run}" if self.run else ""
            raise AlreadyExists(
                f"payout {self.payout} exists: partner {self.partner} in {self.program}, "
                f"{self.requested_amount or 'all'} {self.unit}{of_run}; choose another id"
            )

    def approve(self, by: str) -> None:
        """The second person agrees: it is requested now."""
        if not by.strip():
            raise Invalid("by", by, "who approves it")
        if self.approved_by and same_person(self.approved_by, by):
            return
        self._only_from("proposed", to="approved")
        if same_person(self.requested_by, by):
            raise Conflict(
                f"payout {self.payout} was asked for by {self.requested_by!r}; "
                "somebody else must approve it"
            )
        self._approve(
            self.payout,
            self.program,
            self.partner,
            self.unit,
            self.requested_amount,
            by,
            self.run,
        )

    @event("Approved", topic="payout.approved")
    def _approve(
        self, payout: str, program: str, partner: str, unit: str, amount: int, by: str, run: str
    ) -> None:
        self.status = "requested"
        self.approved_by = by

    def cancel(self, reason: str = "", by: str = "") -> None:
        """What was proposed is not asked for any longer."""
        if self.status == "canceled" and self.reason == reason:
            return
        self._only_from("proposed", to="canceled")
        self._cancel(self.payout, reason, by)

    @event("Canceled", topic="payout.canceled")
    def _cancel(self, payout: str, reason: str, by: str) -> None:
        self.status = "canceled"
        self.reason = reason

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
        if self.status in {"sent", "settled", "returned"} and self.sent_reference == reference:
            return
        self._only_from("funded", to="sent")
        self._send(self.payout, self.program, self.partner, reference, by)

    @event("Sent", topic="payout.sent")
    def _send(self, payout: str, program: str, partner: str, reference: str, by: str) -> None:
        self.status = "sent"
        self.sent_reference = reference

    def settle(self, reference: str = "", by: str = "") -> None:
        """The partner has the money."""
        if self.status in {"settled", "returned"} and self.settled_reference == reference:
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

    def return_(self, reason: str = "", by: str = "") -> None:
        """The settled transfer came back: the money is available again."""
        if self.status == "returned" and self.reason == reason:
            return
        self._only_from("settled", to="returned")
        self._return(self.payout, self.program, self.partner, reason, by)

    @event("Returned", topic="payout.returned")
    def _return(self, payout: str, program: str, partner: str, reason: str, by: str) -> None:
        self.status = "returned"
        self.reason = reason

    def _only_from(self, *statuses: PayoutStatus, to: str) -> None:
        if self.status not in statuses:
            raise Conflict(
                f"payout {self.payout} is {self.status}; "
                f"only one that is {' or '.join(statuses)} can be {to}"
            )
