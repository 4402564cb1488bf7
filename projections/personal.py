"""What programs mark as personal in their conversions, and who was forgotten.

For those who write conversions and those who list what is gone. No amount depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from events import decisions as fact
from events.decisions import Decision

_NONE: frozenset[str] = frozenset()


class Forgotten(NamedTuple):
    """That a subject's key was destroyed."""

    subject: str
    position: str
    """Of the decision that says so."""
    recorded_at: int
    """The broker's time, ms."""
    reason: str
    by: str


class PersonalData:
    """Marks of programs, and the subjects that were forgotten, as they stand now."""

    def __init__(self) -> None:
        super().__init__()
        self._marked: dict[str, frozenset[str]] = {}
        self._secrets: dict[str, str] = {}
        self._forgotten: list[Forgotten] = []

    def personal_fields(self, program: str) -> frozenset[str]:
        """`customer`, `identity`, `metadata.<name>`: what the program marks."""
        return self._marked.get(program, _NONE)

    def pseudonyms_under(self, program: str) -> str:
        """Id of the key in the vault that the program's pseudonyms are made with."""
        return self._secrets.get(program, "")

    def programs_with_personal_fields(self) -> Mapping[str, frozenset[str]]:
        """Those that mark any."""
        return {program: fields for program, fields in self._marked.items() if fields}

    def forgotten(self) -> tuple[Forgotten, ...]:
        """Whoever was forgotten, oldest first; a partner perhaps more than once."""
        return tuple(self._forgotten)

    # The fold

    def _fields_marked(self, decision: Decision, found: fact.PersonalFieldsMarked) -> None:
        self._marked[found.program] = frozenset(found.fields)
        self._secrets[found.program] = found.secret

    def _subject_forgotten(self, decision: Decision, found: fact.SubjectForgotten) -> None:
        self._forgotten.append(
            Forgotten(
                found.subject, decision.position, decision.recorded_at, found.reason, found.by
            )
        )


EVOLVE: dict[str, Callable[[Any, Decision, Any], None]] = {
    "program.personal_fields_marked": PersonalData._fields_marked,
    "subject.forgotten": PersonalData._subject_forgotten,
}
