"""A partner: somebody who brings customers, and where it stands with each program.

registered ─ applied ─ approved ─ suspended     (by program; approval is possible at once)
                          └──────────┘

Besides, in any order and as often as it changes: who recruited it (by program), the currency
it is owed in, the customers that are itself, and where it is paid. The newest stands; what
was earned and booked before stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from eventsourcing.domain import event

from aggregates.checks import currency_of, foreign_of, name_of, slug_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.payee import checked_payee
from events.decisions import PartnerPayeeSet

MOST_IDENTITIES = 1_000
"""A partner's own customer ids and identities; each stands in the decision."""


class Partner(DecisionAggregate):
    """Somebody who promotes programs, and where it stands with each."""

    TOPIC = "partner"

    @staticmethod
    def create_id(partner: str) -> str:
        return f"partner:{partner}"

    @event("Created", topic="partner.registered")
    def __init__(self, partner: str, name: str, by: str) -> None:
        self.partner = partner
        self.name = name
        self.programs: dict[str, str] = {}
        """Program → applied, approved or suspended."""
        self.suspended_for: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        """Program → who recruited it there."""
        self.currency = ""
        """Empty: each program's own."""
        self.identities: list[str] = []
        self.payee: PartnerPayeeSet | None = None

    @classmethod
    def register(cls, partner: str, name: str, by: str = "") -> Partner:
        return cls(partner=slug_of("partner", partner), name=name_of("name", name), by=by)

    def repeat_registration(self, name: str) -> None:
        """Nothing, if the partner is the same; AlreadyExists if it is another."""
        if self.name != name:
            raise AlreadyExists(
                f"partner {self.partner} is registered as {self.name!r}; choose another id"
            )

    def apply(self, program: str, by: str = "") -> None:
        """Ask to join `program`. Nothing to do where it has applied or joined already."""
        status = self.programs.get(program)
        if status == "suspended":
            raise Conflict(
                f"partner {self.partner} is suspended in {program}; approve it to take it back"
            )
        if status is None:
            self._apply(self.partner, program, by)

    @event("Applied", topic="partner.applied")
    def _apply(self, partner: str, program: str, by: str) -> None:
        self.programs[program] = "applied"

    def approve(self, program: str, by: str = "") -> None:
        """Let it earn in `program`, for the first time or again."""
        if self.programs.get(program) != "approved":
            self._approve(self.partner, program, by)

    @event("Approved", topic="partner.approved")
    def _approve(self, partner: str, program: str, by: str) -> None:
        self.programs[program] = "approved"
        self.suspended_for.pop(program, None)

    def suspend(self, program: str, reason: str = "", by: str = "") -> None:
        """Stop it from earning in `program`. What it has earned stays."""
        status = self.programs.get(program)
        if status is None:
            raise Conflict(f"partner {self.partner} has not joined {program}: nothing to suspend")
        if status != "suspended":
            self._suspend(self.partner, program, reason, by)
        elif self.suspended_for.get(program) != reason:
            raise Conflict(
                f"partner {self.partner} is suspended in {program} already, "
                f"for {self.suspended_for.get(program)!r}"
            )

    @event("Suspended", topic="partner.suspended")
    def _suspend(self, partner: str, program: str, reason: str, by: str) -> None:
        self.programs[program] = "suspended"
        self.suspended_for[program] = reason

    def recruit(self, program: str, parent: str, by: str = "") -> None:
        """In `program` it is a sub-partner of `parent` from now on; empty: of nobody."""
        if parent == self.partner:
            raise Conflict(
                f"partner {self.partner} cannot be its own sub-partner; name who recruited it"
            )
        if self.parents.get(program, "") != parent:
            self._recruit(self.partner, program, parent, by)

    @event("Recruited", topic="partner.recruited")
    def _recruit(self, partner: str, program: str, parent: str, by: str) -> None:
        self.parents[program] = parent

    def set_currency(self, currency: str, by: str = "") -> None:
        """What it earns from now on is owed in `currency` (ISO 4217)."""
        if self.currency != currency_of("currency", currency):
            self._set_currency(self.partner, currency, by)

    @event("CurrencySet", topic="partner.currency_set")
    def _set_currency(self, partner: str, currency: str, by: str) -> None:
        self.currency = currency

    def identify(self, identities: Iterable[str], by: str = "") -> None:
        """All customer ids and identities that are the partner itself, or what stands for
        them (`known_as`); earlier ones that are not named again are dropped."""
        found = sorted(set(identities))
        if found != self.identities:
            self._identify(self.partner, found, by)

    @event("Identified", topic="partner.identified")
    def _identify(self, partner: str, identities: list[str], by: str) -> None:
        self.identities = identities

    def set_payee(self, wanted: PartnerPayeeSet, by: str = "") -> None:
        """Where it is paid from now on; payouts under way keep what they were sent to."""
        payee = checked_payee(wanted)
        if payee != self.payee:
            self._set_payee(
                self.partner,
                payee.method,
                payee.name,
                payee.iban,
                payee.bic,
                payee.email,
                payee.country,
                by,
            )

    @event("PayeeSet", topic="partner.payee_set")
    def _set_payee(
        self,
        partner: str,
        method: Literal["bank", "paypal", "wise"],
        name: str,
        iban: str,
        bic: str,
        email: str,
        country: str,
        by: str,
    ) -> None:
        self.payee = PartnerPayeeSet(partner, method, name, iban, bic, email, country)


def checked_identities(identities: Iterable[str]) -> list[str]:
    """Customer ids and identities, sorted, each once. Raises Invalid."""
    found = sorted({foreign_of("identities", identity) for identity in identities})
    if len(found) > MOST_IDENTITIES:
        raise Invalid("identities", len(found), f"at most {MOST_IDENTITIES}")
    return found
