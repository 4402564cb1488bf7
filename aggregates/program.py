"""A program: a company's offer to partners, its currency and its terms.

Terms never change: a change is a new version, known from its place in the log and in
force from its `effective_from`. A paused program earns nobody anything until it resumes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from eventsourcing.domain import event

from aggregates.bank import bic_of, holder_of, iban_of
from aggregates.checks import currency_of, name_of, slug_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists
from aggregates.terms import check_beside, checked
from aggregates.terms_shape import spelled_out
from events.decisions import ProgramPayerSet
from events.terms import Rule, Terms


class Program(DecisionAggregate):
    """A program that pays partners, and every version of its terms."""

    TOPIC = "program"

    @staticmethod
    def create_id(program: str) -> str:
        return f"program:{program}"

    @event("Created", topic="program.created")
    def __init__(self, program: str, name: str, currency: str, by: str) -> None:
        self.program = program
        self.name = name
        self.currency = currency
        self.terms: list[Terms] = []
        self.active = True
        self.payer: ProgramPayerSet | None = None
        """The account its payouts are paid from."""

    @classmethod
    def create(cls, program: str, name: str, currency: str, by: str = "") -> Program:
        """A new program paying in `currency` (ISO 4217)."""
        return cls(
            program=slug_of("program", program),
            name=name_of("name", name),
            currency=currency_of("currency", currency),
            by=by,
        )

    def repeat_creation(self, name: str, currency: str) -> None:
        """Nothing, if the program is the same; AlreadyExists if it is another."""
        if (self.name, self.currency) != (name, currency):
            raise AlreadyExists(
                f"program {self.program} exists as {self.name!r} in {self.currency}; "
                "choose another id"
            )

    def add_terms(
        self,
        rules: Sequence[Rule],
        *,
        effective_from: int,
        by: str = "",
        **fields: Any,
    ) -> Terms:
        """The next version of the terms, in force from `effective_from` (ms since 1970 UTC).

        `fields`: all others of `Terms` but `version`. Versions count over general and
        individual terms. The same as the newest of that partner (or general) again add
        nothing. Raises Invalid with the path of the line that cannot stand.
        """
        wanted = Terms(
            version=len(self.terms) + 1,
            effective_from=effective_from,
            rules=rules,  # type: ignore[arg-type]  # made a tuple by `checked`
            **fields,
        )
        terms = checked(wanted)
        check_beside(terms, self.newest_terms())
        newest = self.newest_terms(terms.partner)
        if newest and msgspec.structs.replace(terms, version=newest.version) == newest:
            return newest
        self._add_terms(self.program, spelled_out(terms), by)
        return terms

    def newest_terms(self, partner: str = "") -> Terms | None:
        """The version added last: of those of `partner` alone, or of the general ones."""
        return next((terms for terms in reversed(self.terms) if terms.partner == partner), None)

    @event("TermsAdded", topic="program.terms_added")
    def _add_terms(self, program: str, terms: dict[str, Any], by: str) -> None:
        self.terms.append(msgspec.convert(terms, Terms))

    def set_payer(self, name: str, iban: str, bic: str = "", by: str = "") -> None:
        """The account its payouts are paid from, and in whose name it is held."""
        payer = ProgramPayerSet(
            self.program, holder_of("name", name), iban_of("iban", iban), bic and bic_of("bic", bic)
        )
        if payer != self.payer:
            self._set_payer(self.program, payer.name, payer.iban, payer.bic, by)

    @event("PayerSet", topic="program.payer_set")
    def _set_payer(self, program: str, name: str, iban: str, bic: str, by: str) -> None:
        self.payer = ProgramPayerSet(program, name, iban, bic)

    def pause(self, by: str = "") -> None:
        """Its conversions earn nothing until it is resumed."""
        if self.active:
            self._pause(self.program, by)

    @event("Paused", topic="program.paused")
    def _pause(self, program: str, by: str) -> None:
        self.active = False

    def resume(self, by: str = "") -> None:
        """It earns again."""
        if not self.active:
            self._resume(self.program, by)

    @event("Resumed", topic="program.resumed")
    def _resume(self, program: str, by: str) -> None:
        self.active = True
