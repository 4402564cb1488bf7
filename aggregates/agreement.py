"""The agreement of a program: what a partner signs, in numbered versions that never change.

    published (1) ─ published (2) ─ …

From the first version on, only partners that have accepted a version earn. Who accepted what
stands in `acceptance`, one aggregate a partner, so that many may accept at once.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from eventsourcing.domain import event

from aggregates.checks import name_of
from aggregates.decision import DecisionSeries
from aggregates.errors import Invalid, NotFound

LONGEST_TEXT = 150_000
"""Bytes of UTF-8: with every byte escaped in JSON it still fits a record of the log (1 MB)."""


class AgreementVersion(NamedTuple):
    """What was published, and so may have been shown and accepted."""

    version: int
    title: str
    text: str
    sha256: str
    terms: int


class Agreement(DecisionSeries):
    """Every version of what a program's partners agree to."""

    TOPIC = "agreement"

    @staticmethod
    def create_id(program: str) -> str:
        return f"agreement:{program}"

    def __init__(self) -> None:
        self.versions: list[AgreementVersion] = []

    def publish(self, program: str, title: str, text: str, terms: int = 0, by: str = "") -> int:
        """The next version's number; the newest again adds nothing and gives its number.

        `terms`: version of the terms that it shows, 0 for none.
        """
        name_of("title", title)
        sha256 = sha256_of("text", text)
        if self.versions:
            newest = self.versions[-1]
            if (newest.title, newest.sha256, newest.terms) == (title, sha256, terms):
                return newest.version
        version = len(self.versions) + 1
        self._publish(program, version, title, text, sha256, terms, by)
        return version

    @event("Published", topic="agreement.published")
    def _publish(
        self, program: str, version: int, title: str, text: str, sha256: str, terms: int, by: str
    ) -> None:
        self.versions.append(AgreementVersion(version, title, text, sha256, terms))

    def shown(self, program: str, version: int) -> AgreementVersion:
        """The version of that number; raises NotFound."""
        if not 1 <= version <= len(self.versions):
            known = f"its newest is {len(self.versions)}" if self.versions else "publish one first"
            raise NotFound(f"there is no version {version} of the agreement of {program}; {known}")
        return self.versions[version - 1]


def sha256_of(field: str, text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hex. Raises Invalid for text no agreement has."""
    try:
        shown = text.encode()
    except UnicodeEncodeError:
        raise Invalid(field, f"{text[:40]}…", "text that UTF-8 can carry") from None
    if not text.strip() or len(shown) > LONGEST_TEXT:
        raise Invalid(field, f"{text[:40]}…", f"a text of 1 to {LONGEST_TEXT} bytes of UTF-8")
    return hashlib.sha256(shown).hexdigest()
