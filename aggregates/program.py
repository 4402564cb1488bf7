"""A program: a company's offer to partners, its currency and its terms.

Terms never change: a change is a new version, known from its place in the log and in
force from its `effective_from`. A paused program earns nobody anything until it resumes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
from eventsourcing.domain import event

from aggregates.checks import amount_of, currency_of, days_of, name_of, slug_of, unit_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Invalid
from events.terms import ENGINES, ConversionKind, Rule, Terms

FULL_SHARE_BP = 10_000
"""Basis points of a whole amount."""


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
        attribution: str = "last_touch",
        window_days: int = 30,
        signup_window_days: int = 365,
        hold_days: int = 30,
        engine: str = "1",
        by: str = "",
    ) -> Terms:
        """The next version of the terms, in force from `effective_from` (ms since 1970 UTC).

        The same terms as the newest version again add nothing. Raises Invalid.
        """
        if attribution not in {"last_touch", "first_touch"}:
            raise Invalid("attribution", attribution, "last_touch or first_touch")
        if engine not in ENGINES:
            raise Invalid("engine", engine, f"a calculation of this release: {', '.join(ENGINES)}")
        terms = Terms(
            version=len(self.terms) + 1,
            effective_from=time_of("effective_from", effective_from),
            rules=checked_rules(rules),
            attribution=attribution,  # type: ignore[arg-type]
            window_days=days_of("window_days", window_days),
            signup_window_days=days_of("signup_window_days", signup_window_days),
            hold_days=days_of("hold_days", hold_days),
            engine=engine,
        )
        if self.terms:
            newest = self.terms[-1]
            if msgspec.structs.replace(terms, version=newest.version) == newest:
                return newest
        self._add_terms(self.program, spelled_out(terms), by)
        return terms

    @event("TermsAdded", topic="program.terms_added")
    def _add_terms(self, program: str, terms: dict[str, Any], by: str) -> None:
        self.terms.append(msgspec.convert(terms, Terms))

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


def checked_rules(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules, if terms can consist of them."""
    if not rules:
        raise Invalid("rules", list(rules), "at least one rule")
    for number, rule in enumerate(rules):
        field = f"rules[{number}]"
        name_of(f"{field}.name", rule.name)
        if rule.event not in get_args(ConversionKind):
            raise Invalid(f"{field}.event", rule.event, "lead, sale or renewal")
        if rule.type == "percentage":
            amount_of(f"{field}.amount", rule.amount)
            if rule.amount > FULL_SHARE_BP:
                raise Invalid(f"{field}.amount", rule.amount, "0 to 10000 basis points")
            if rule.currency:
                raise Invalid(f"{field}.currency", rule.currency, "none: a percentage has no unit")
        elif rule.type == "flat":
            amount_of(f"{field}.amount", rule.amount)
            if rule.currency:
                unit_of(f"{field}.currency", rule.currency)
        else:
            raise Invalid(f"{field}.type", rule.type, "percentage or flat")
    names = [rule.name for rule in rules]
    if len(set(names)) != len(names):
        raise Invalid("rules", names, "a name of its own for each rule")
    return tuple(rules)


LATEST_MS = 253_402_300_799_999
"""The end of the year 9999, milliseconds since 1970 UTC."""


def time_of(field: str, milliseconds: int) -> int:
    """A time in milliseconds since 1970 UTC."""
    if type(milliseconds) is not int or not 0 <= milliseconds <= LATEST_MS:
        raise Invalid(field, milliseconds, "milliseconds since 1970 UTC")
    return milliseconds


def spelled_out(terms: Terms) -> dict[str, Any]:
    """Terms as JSON with every field: a default that changes later must not change them."""
    found = msgspec.structs.asdict(terms)
    return found | {"rules": [msgspec.structs.asdict(rule) for rule in terms.rules]}
