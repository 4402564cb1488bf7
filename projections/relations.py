"""What programs and partners are to each other: agreements, claims, recruits, payees.

The part of the directory that is about people, and what was decided between them: runs,
contests, invoices, rates. As everything in it, each value is kept with the number of the
decision that set it, and is asked for as known at a decision.

A partner stands below the one who recruited it, in each program for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from events import decisions as fact
from events.decisions import Decision
from projections import agreements, claims
from projections.agreements import Agreements
from projections.claims import Claims
from projections.history import History, remember
from projections.rate_tables import RateTable, RateTables
from projections.views import RateView


class Relations(Agreements, Claims):
    """Tables of relations, and what they answer."""

    def __init__(self) -> None:
        super().__init__()
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

EVOLVE: dict[str, Callable[[Any, Decision, Any], None]] = {
    **agreements.EVOLVE,
    **claims.EVOLVE,
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
