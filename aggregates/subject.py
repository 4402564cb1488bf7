"""A subject: whose personal data may have to be forgotten.

    partner:jane · registration:r-17 · customer:acme/<id or pseudonym> · program:acme

`subject.forgotten` is recorded after the key was destroyed, once for each time: a partner may
give new data, and be forgotten again.
"""

from __future__ import annotations

from typing import NamedTuple

from eventsourcing.domain import event

from aggregates.checks import foreign_of, slug_of
from aggregates.decision import DecisionSeries
from aggregates.errors import Invalid

KINDS = ("partner", "registration", "program", "customer")


class Named(NamedTuple):
    """A subject as somebody names it."""

    kind: str
    program: str
    """Of a customer; else empty."""
    id: str

    @property
    def text(self) -> str:
        """As it is recorded."""
        return f"{self.kind}:{self.program}/{self.id}" if self.program else f"{self.kind}:{self.id}"


def named(text: str) -> Named:
    """Raises Invalid for what names no subject."""
    kind, colon, rest = text.partition(":")
    if colon and kind == "customer":
        program, slash, customer = rest.partition("/")
        if slash:
            return Named(kind, slug_of("program", program), foreign_of("customer", customer))
    elif colon and kind in KINDS:
        return Named(kind, "", slug_of(kind, rest))
    raise Invalid("subject", text, "partner:ID, customer:PROGRAM/ID, registration:ID or program:ID")


class Subject(DecisionSeries):
    """How often a subject was forgotten."""

    TOPIC = "subject"

    @staticmethod
    def create_id(subject: str) -> str:
        return f"subject:{subject}"

    def __init__(self) -> None:
        self.times = 0

    def forget(self, subject: str, times: int, reason: str = "", by: str = "") -> None:
        """Record what the vault did: `times` keys of the subject were destroyed until now."""
        if self.times < times:
            self._forget(subject, reason, by)

    @event("Forgotten", topic="subject.forgotten")
    def _forget(self, subject: str, reason: str, by: str) -> None:
        self.times += 1
