"""What a program marks as personal in its conversions.

    customer, identity   a pseudonym stands in their place; the customer's id is kept sealed
    metadata.<name>      sealed

A customer's id and its identity are compared with one another and with what a partner is
known as: marking one marks both. What was recorded before a mark stays as it is, so a program
marks before its first conversion.
"""

from __future__ import annotations

from collections.abc import Iterable

from eventsourcing.domain import event

from aggregates.decision import DecisionSeries
from aggregates.errors import Invalid

COMPARED = ("customer", "identity")
METADATA = "metadata."
MOST_FIELDS = 52
"""As many names as the metadata of a conversion may have, and the two that are compared."""
LONGEST_NAME = 256
"""Characters of a name in the metadata."""


class PersonalFields(DecisionSeries):
    """The marked fields of one program's conversions, those said last."""

    TOPIC = "personal-fields"

    @staticmethod
    def create_id(program: str) -> str:
        return f"personal-fields:{program}"

    def __init__(self) -> None:
        self.fields: list[str] = []
        self.secret = ""
        """Id of the key that the program's pseudonyms are made with."""

    def mark(self, program: str, fields: Iterable[str], by: str = "", secret: str = "") -> None:
        """In place of those marked before. Raises Invalid."""
        found = checked_fields(fields)
        if (found, secret) != (self.fields, self.secret):
            self._mark(program, found, by, secret)

    @event("Marked", topic="program.personal_fields_marked")
    def _mark(self, program: str, fields: list[str], by: str, secret: str = "") -> None:
        self.fields = fields
        self.secret = secret


def checked_fields(fields: Iterable[str]) -> list[str]:
    """As they are recorded: sorted, each once, customer and identity together."""
    found = set()
    for field in fields:
        if field in COMPARED:
            found |= set(COMPARED)
        elif field.startswith(METADATA) and 0 < len(field) - len(METADATA) <= LONGEST_NAME:
            found.add(field)
        else:
            raise Invalid("fields", field, "customer, identity, or metadata.<name>")
    if len(found) > MOST_FIELDS:
        raise Invalid("fields", len(found), f"at most {MOST_FIELDS}")
    return sorted(found)
