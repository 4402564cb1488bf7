"""A registration: a lead or a deal that a partner works on, and claims for itself.

    submitted ─┬─ approved ─┬─ won
               │            └─ lost
               └─ rejected

While it is submitted or approved, what is expected may be updated. An approved one protects
its partner's claim on the customer for as long as the terms say; won keeps the claim for that
customer's deals within the time, lost and rejected end it.
"""

from __future__ import annotations

from typing import Literal

from eventsourcing.domain import event

from aggregates.checks import amount_of, currency_of, foreign_of, name_of, slug_of, time_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Conflict, Invalid

Status = Literal["submitted", "approved", "rejected", "won", "lost"]


class Registration(DecisionAggregate):
    """A partner's claim on a customer, from the day it asks for it to the outcome."""

    TOPIC = "registration"

    @staticmethod
    def create_id(registration: str) -> str:
        return f"registration:{registration}"

    @event("Created", topic="registration.submitted")
    def __init__(
        self,
        registration: str,
        program: str,
        partner: str,
        customer: str,
        kind: Literal["lead", "deal"],
        title: str,
        amount: int,
        currency: str,
        by: str,
        original: str = "",
    ) -> None:
        self.registration = registration
        self.program = program
        self.partner = partner
        self.customer = customer
        self.original = original
        """The customer's id as it was given, where a pseudonym stands for it."""
        self.kind = kind
        self.submitted = (title, amount, currency)
        """As first submitted: what tells a repeat."""
        self.title, self.amount, self.currency = self.submitted
        self.status: Status = "submitted"
        self.reason = ""
        self.won: tuple[str, int, str, int] | None = None
        """Deal, amount, currency and time (ms), once won."""

    @classmethod
    def submit(
        cls,
        registration: str,
        program: str,
        partner: str,
        customer: str,
        kind: Literal["lead", "deal"],
        title: str = "",
        amount: int = 0,
        currency: str = "",
        by: str = "",
        original: str = "",
    ) -> Registration:
        """`amount`: what is expected, minor units of `currency`; 0 if nobody knows yet."""
        if kind not in {"lead", "deal"}:
            raise Invalid("kind", kind, "lead or deal")
        check_expected(title, amount, currency)
        return cls(
            registration=slug_of("registration", registration),
            program=program,
            partner=partner,
            customer=foreign_of("customer", customer),
            kind=kind,
            title=title,
            amount=amount,
            currency=currency,
            by=by,
            original=original,
        )

    def repeat_submission(
        self,
        program: str,
        partner: str,
        customer: str,
        kind: str,
        title: str,
        amount: int,
        currency: str,
    ) -> None:
        """Nothing, if it was submitted with the same content; AlreadyExists otherwise."""
        stands = (self.program, self.partner, self.customer, self.kind, self.submitted)
        if stands != (program, partner, customer, kind, (title, amount, currency)):
            raise AlreadyExists(
                f"registration {self.registration} exists: {self.kind} {self.customer} of partner "
                f"{self.partner} in {self.program}; update it or choose another id"
            )

    def approve(self, by: str = "") -> None:
        """The program takes it: the customer is the partner's for the time the terms set."""
        if self.status in {"approved", "won", "lost"}:
            return
        self._only_from("submitted", to="approved")
        self._approve(self.registration, self.program, self.partner, self.customer, by)

    @event("Approved", topic="registration.approved")
    def _approve(
        self, registration: str, program: str, partner: str, customer: str, by: str
    ) -> None:
        self.status = "approved"

    def reject(self, reason: str = "", by: str = "") -> None:
        """The program does not take it; `reason` is for the partner."""
        if (self.status, self.reason) == ("rejected", reason):
            return
        self._only_from("submitted", to="rejected")
        self._reject(self.registration, self.program, self.partner, self.customer, reason, by)

    @event("Rejected", topic="registration.rejected")
    def _reject(
        self, registration: str, program: str, partner: str, customer: str, reason: str, by: str
    ) -> None:
        self.status = "rejected"
        self.reason = reason

    def update(self, title: str = "", amount: int = 0, currency: str = "", by: str = "") -> None:
        """What is expected changed. What is left empty or 0 stays as it is."""
        expected = (title or self.title, amount or self.amount, currency or self.currency)
        check_expected(*expected)
        if expected == (self.title, self.amount, self.currency):
            return
        self._only_from("submitted", "approved", to="updated")
        self._update(self.registration, *expected, by)

    @event("Updated", topic="registration.updated")
    def _update(self, registration: str, title: str, amount: int, currency: str, by: str) -> None:
        self.title, self.amount, self.currency = title, amount, currency

    def win(self, deal: str, amount: int, currency: str, occurred_at: int, by: str = "") -> None:
        """The customer bought: `deal` for `amount` minor units at `occurred_at` (ms)."""
        foreign_of("deal", deal)
        amount_of("amount", amount)
        currency_of("currency", currency)
        time_of("occurred_at", occurred_at)
        if self.won == (deal, amount, currency, occurred_at):
            return
        self._only_from("approved", to="won")
        self._win(
            self.registration,
            self.program,
            self.partner,
            self.customer,
            deal,
            amount,
            currency,
            occurred_at,
            by,
        )

    @event("Won", topic="registration.won")
    def _win(
        self,
        registration: str,
        program: str,
        partner: str,
        customer: str,
        deal: str,
        amount: int,
        currency: str,
        occurred_at: int,
        by: str,
    ) -> None:
        self.status = "won"
        self.won = (deal, amount, currency, occurred_at)

    def lose(self, reason: str = "", by: str = "") -> None:
        """The customer did not buy: the claim ends."""
        if (self.status, self.reason) == ("lost", reason):
            return
        self._only_from("approved", to="lost")
        self._lose(self.registration, self.program, self.partner, self.customer, reason, by)

    @event("Lost", topic="registration.lost")
    def _lose(
        self, registration: str, program: str, partner: str, customer: str, reason: str, by: str
    ) -> None:
        self.status = "lost"
        self.reason = reason

    def _only_from(self, *statuses: Status, to: str) -> None:
        if self.status not in statuses:
            known = f" ({self.reason})" if self.reason else ""
            raise Conflict(
                f"registration {self.registration} is {self.status}{known}; "
                f"only one that is {' or '.join(statuses)} can be {to}"
            )


def check_expected(title: str, amount: int, currency: str) -> None:
    """Raises Invalid for what cannot be expected of a registration."""
    if title:
        name_of("title", title)
    amount_of("amount", amount)
    if currency:
        currency_of("currency", currency)
    elif amount:
        raise Invalid("currency", currency, "the currency of the amount, for example EUR")
