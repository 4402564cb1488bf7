"""Registered leads and deals, and the claims they give.

An approved registration claims its customer for its partner, until it is rejected or lost; how
long, the terms say. Once won, it goes on to protect the customer's later deals.

Claims are asked for as known at a decision; a registration, which only people read, as it is now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from events import decisions as fact
from events.decisions import Decision
from projections.history import History, remember
from projections.views import ClaimView, RegistrationStatus, RegistrationView


class Claims:
    """The registrations of every program, and who may claim which customer by them."""

    def __init__(self) -> None:
        super().__init__()
        self._registrations: dict[str, RegistrationView] = {}
        self._claims: dict[tuple[str, str], History[tuple[ClaimView, ...]]] = {}
        """By (program, customer), the newest claim first."""

    # As of `known`

    def claims(self, program: str, customer: str, known: int) -> tuple[ClaimView, ...]:
        """Approved registrations of the customer, without the rejected and lost, newest
        approval first."""
        if not self._claims:
            return ()
        history = self._claims.get((program, customer))
        return () if history is None else history.at(known) or ()

    def claim(self, program: str, customer: str, known: int) -> ClaimView | None:
        """The newest of the `claims`."""
        claims = self.claims(program, customer, known)
        return claims[0] if claims else None

    # Current, for listings: in the order in which they were submitted

    def registrations(self) -> tuple[RegistrationView, ...]:
        """All registered leads and deals."""
        return tuple(self._registrations.values())

    def registration(self, registration: str) -> RegistrationView | None:
        """One of them; None where it was never submitted."""
        return self._registrations.get(registration)

    # The fold

    def _registration_submitted(
        self, decision: Decision, found: fact.RegistrationSubmitted
    ) -> None:
        self._registrations[found.registration] = RegistrationView(
            found.registration,
            found.program,
            found.partner,
            found.customer,
            found.kind,
            found.title,
            found.amount,
            found.currency,
            "submitted",
            decision.recorded_at,
            original=found.original,
        )

    def _registration_updated(self, decision: Decision, found: fact.RegistrationUpdated) -> None:
        view = self._registrations.get(found.registration)
        if view is not None:
            self._registrations[found.registration] = structs.replace(
                view,
                title=found.title or view.title,
                amount=found.amount or view.amount,
                currency=found.currency or view.currency,
            )

    def _registration_approved(self, decision: Decision, found: fact.RegistrationApproved) -> None:
        self._registration_is(found.registration, "approved", approved_at=decision.recorded_at)
        claim = ClaimView(found.registration, found.partner, decision.recorded_at)
        others = self._claims_without(found.program, found.customer, found.registration)
        key = (found.program, found.customer)
        remember(self._claims, key, decision.number, (claim, *others))

    def _registration_ended(
        self, decision: Decision, found: fact.RegistrationRejected | fact.RegistrationLost
    ) -> None:
        status: RegistrationStatus = (
            "lost" if isinstance(found, fact.RegistrationLost) else "rejected"
        )
        self._registration_is(found.registration, status, reason=found.reason)
        key = (found.program, found.customer)
        if key in self._claims:
            others = self._claims_without(*key, found.registration)
            remember(self._claims, key, decision.number, others)

    def _registration_won(self, decision: Decision, found: fact.RegistrationWon) -> None:
        self._registration_is(
            found.registration,
            "won",
            deal=found.deal,
            amount=found.amount,
            currency=found.currency,
        )

    def _registration_is(
        self, registration: str, status: RegistrationStatus, **changes: Any
    ) -> None:
        view = self._registrations.get(registration)
        if view is not None:
            self._registrations[registration] = structs.replace(view, status=status, **changes)

    def _claims_without(
        self, program: str, customer: str, registration: str
    ) -> tuple[ClaimView, ...]:
        history = self._claims.get((program, customer))
        claims = () if history is None else history.current
        return tuple(claim for claim in claims if claim.registration != registration)


EVOLVE: dict[str, Callable[[Claims, Decision, Any], None]] = {
    "registration.submitted": Claims._registration_submitted,
    "registration.updated": Claims._registration_updated,
    "registration.approved": Claims._registration_approved,
    "registration.rejected": Claims._registration_ended,
    "registration.won": Claims._registration_won,
    "registration.lost": Claims._registration_ended,
}
