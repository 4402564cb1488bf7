"""What programs and partners are to each other: agreements, claims, recruits, payees.

The part of the directory that is about people. As everything in it, each value is kept
with the number of the decision that set it, and is asked for as known at a decision.

- From a program's first agreement on, only partners that accepted a version of it earn.
- An approved registration claims its customer for its partner, until it is rejected or
  lost; how long, the terms say. Once won, it goes on to protect the customer's later deals.
- A partner stands below the one who recruited it, in each program for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from events import decisions as fact
from events.decisions import Decision
from projections.history import History, remember
from projections.rate_tables import RateTable, RateTables
from projections.views import (
    AcceptanceView,
    AgreementView,
    ClaimView,
    RateView,
    RegistrationStatus,
    RegistrationView,
)


class Relations:
    """Tables of relations, and what they answer."""

    def __init__(self) -> None:
        self._agreements: dict[str, History[AgreementView]] = {}
        self._agreement_versions: dict[str, list[AgreementView]] = {}
        self._acceptances: dict[tuple[str, str], History[AcceptanceView]] = {}
        self._registrations: dict[str, RegistrationView] = {}
        self._claims: dict[tuple[str, str], History[tuple[ClaimView, ...]]] = {}
        """By (program, customer), the newest claim first."""
        self._parents: dict[tuple[str, str], History[str]] = {}
        self._currencies: dict[str, History[str]] = {}
        self._identities: dict[str, History[frozenset[str]]] = {}
        self._payees: dict[str, History[fact.PartnerPayeeSet]] = {}
        self._payers: dict[str, History[fact.ProgramPayerSet]] = {}
        self._rates = RateTables()
        self._payouts_decided: dict[int, int] = {}
        self._contests: dict[tuple[str, str], fact.ContestClosed] = {}
        self._runs: dict[str, fact.PayoutRunStarted] = {}
        self._invoices: dict[str, list[fact.InvoiceIssued]] = {}

    # As of `known`

    def agreement(self, program: str, known: int) -> AgreementView | None:
        """The program's newest agreement; None before the first was published."""
        history = self._agreements.get(program)
        return None if history is None else history.at(known)

    def acceptance(self, program: str, partner: str, known: int) -> AcceptanceView | None:
        """What the partner accepted last; None where it never did."""
        history = self._acceptances.get((program, partner))
        return None if history is None else history.at(known)

    def may_earn(self, program: str, partner: str, known: int) -> bool:
        """Whether no agreement hinders the partner: there is none, or it accepted a version."""
        if not self._agreements or self.agreement(program, known) is None:
            return True
        return self.acceptance(program, partner, known) is not None

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

    def parent(self, program: str, partner: str, known: int) -> str:
        """Who recruited the partner for the program; empty: nobody."""
        history = self._parents.get((program, partner))
        return "" if history is None else history.at(known) or ""

    def partner_currency(self, partner: str, known: int) -> str:
        """The currency the partner is owed in; empty: each program's own."""
        history = self._currencies.get(partner)
        return "" if history is None else history.at(known) or ""

    def identities(self, partner: str, known: int) -> frozenset[str]:
        """Customer ids and identities that are the partner itself: those said last."""
        history = self._identities.get(partner)
        return _NONE if history is None else history.at(known) or _NONE

    def payee(self, partner: str, known: int) -> fact.PartnerPayeeSet | None:
        """Where the partner is paid."""
        history = self._payees.get(partner)
        return None if history is None else history.at(known)

    def payer(self, program: str, known: int) -> fact.ProgramPayerSet | None:
        """The account that the program's payouts are paid from."""
        history = self._payers.get(program)
        return None if history is None else history.at(known)

    def rate(self, base: str, quote: str, occurred_at: int, known: int) -> RateView | None:
        """One `base` in `quote` on the day of `occurred_at` (ms); see `rate_tables`."""
        return self._rates.rate(base, quote, occurred_at, known)

    def decided_at(self, number: int) -> int:
        """The broker's time, ms, of the payout request or approval with this number; 0 for
        decisions of other kinds, of which none is kept."""
        return self._payouts_decided.get(number, 0)

    # Current, for listings: in the order in which they were decided

    def agreements(self, program: str) -> tuple[AgreementView, ...]:
        """All versions of a program's agreement."""
        return tuple(self._agreement_versions.get(program, ()))

    def acceptances(self, program: str) -> tuple[AcceptanceView, ...]:
        """What each partner of a program accepted last."""
        return tuple(
            history.current for (of, _), history in self._acceptances.items() if of == program
        )

    def registrations(self) -> tuple[RegistrationView, ...]:
        """All registered leads and deals."""
        return tuple(self._registrations.values())

    def registration(self, registration: str) -> RegistrationView | None:
        """One of them; None where it was never submitted."""
        return self._registrations.get(registration)

    def recruits(self, program: str) -> Mapping[str, str]:
        """Partner → the one above it, in a program."""
        return {
            partner: history.current
            for (of, partner), history in self._parents.items()
            if of == program and history.current
        }

    def team(self, partner: str) -> frozenset[str]:
        """The partner and all that ever stood below it, on any level of any program."""
        below: dict[str, set[str]] = {}
        for (_, recruit), history in self._parents.items():
            for parent in history.values():
                below.setdefault(parent, set()).add(recruit)
        found, new = {partner}, [partner]
        while new:
            recruits = below.get(new.pop(), set()) - found
            found |= recruits
            new += sorted(recruits)
        return frozenset(found)

    def rate_tables(self) -> tuple[RateTable, ...]:
        """All rates that were set."""
        return self._rates.tables()

    def contests_closed(self, program: str) -> tuple[fact.ContestClosed, ...]:
        """The contests of a program that were decided."""
        return tuple(found for (of, _), found in self._contests.items() if of == program)

    def runs(self) -> tuple[fact.PayoutRunStarted, ...]:
        """All payout runs."""
        return tuple(self._runs.values())

    def invoices(self, program: str) -> tuple[fact.InvoiceIssued, ...]:
        """All invoices to a program."""
        return tuple(self._invoices.get(program, ()))

    # The fold

    def _agreement_published(self, decision: Decision, found: fact.AgreementPublished) -> None:
        view = AgreementView(
            found.program,
            found.version,
            found.title,
            found.text,
            found.sha256,
            found.terms,
            decision.recorded_at,
        )
        remember(self._agreements, found.program, decision.number, view)
        self._agreement_versions.setdefault(found.program, []).append(view)

    def _agreement_accepted(self, decision: Decision, found: fact.AgreementAccepted) -> None:
        view = AcceptanceView(
            found.program,
            found.partner,
            found.version,
            found.sha256,
            found.person,
            found.accepted_at,
            decision.recorded_at,
        )
        remember(self._acceptances, (found.program, found.partner), decision.number, view)

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

    def _recruited(self, decision: Decision, found: fact.PartnerRecruited) -> None:
        remember(self._parents, (found.program, found.partner), decision.number, found.parent)

    def _currency_set(self, decision: Decision, found: fact.PartnerCurrencySet) -> None:
        remember(self._currencies, found.partner, decision.number, found.currency)

    def _identified(self, decision: Decision, found: fact.PartnerIdentified) -> None:
        remember(self._identities, found.partner, decision.number, frozenset(found.identities))

    def _payee_set(self, decision: Decision, found: fact.PartnerPayeeSet) -> None:
        remember(self._payees, found.partner, decision.number, found)

    def _payer_set(self, decision: Decision, found: fact.ProgramPayerSet) -> None:
        remember(self._payers, found.program, decision.number, found)

    def _rates_set(self, decision: Decision, found: fact.RatesSet) -> None:
        self._rates.add(decision.number, decision.position, found)

    def _payout_decided(
        self, decision: Decision, found: fact.PayoutRequested | fact.PayoutApproved
    ) -> None:
        self._payouts_decided[decision.number] = decision.recorded_at

    def _contest_closed(self, decision: Decision, found: fact.ContestClosed) -> None:
        self._contests.setdefault((found.program, found.contest), found)

    def _run_started(self, decision: Decision, found: fact.PayoutRunStarted) -> None:
        self._runs.setdefault(found.run, found)

    def _invoice_issued(self, decision: Decision, found: fact.InvoiceIssued) -> None:
        self._invoices.setdefault(found.program, []).append(found)


_NONE: frozenset[str] = frozenset()

EVOLVE: dict[str, Callable[[Relations, Decision, Any], None]] = {
    "agreement.published": Relations._agreement_published,
    "agreement.accepted": Relations._agreement_accepted,
    "registration.submitted": Relations._registration_submitted,
    "registration.updated": Relations._registration_updated,
    "registration.approved": Relations._registration_approved,
    "registration.rejected": Relations._registration_ended,
    "registration.won": Relations._registration_won,
    "registration.lost": Relations._registration_ended,
    "partner.recruited": Relations._recruited,
    "partner.currency_set": Relations._currency_set,
    "partner.identified": Relations._identified,
    "partner.payee_set": Relations._payee_set,
    "program.payer_set": Relations._payer_set,
    "rates.set": Relations._rates_set,
    "payout.requested": Relations._payout_decided,
    "payout.approved": Relations._payout_decided,
    "contest.closed": Relations._contest_closed,
    "run.started": Relations._run_started,
    "invoice.issued": Relations._invoice_issued,
}
