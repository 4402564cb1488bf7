"""A partner: somebody who brings customers, and where it stands with each program.

registered ─ applied ─ approved ─ suspended     (by program; approval is possible at once)
                          └──────────┘
"""

from __future__ import annotations

from eventsourcing.domain import event

from aggregates.checks import name_of, slug_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Conflict


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
