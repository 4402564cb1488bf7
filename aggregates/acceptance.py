"""What a partner accepted of a program's agreement: which version, who, when, shown what.

    accepted (1) ─ accepted (3) ─ …     versions only rise

An acceptance carries the hash of what was shown; one that is not the published text's is
refused, for then something else was shown.
"""

from __future__ import annotations

from typing import NamedTuple

from eventsourcing.domain import event

from aggregates.agreement import AgreementVersion
from aggregates.checks import name_of, time_of
from aggregates.decision import DecisionSeries
from aggregates.errors import Conflict, Invalid


class Accepted(NamedTuple):
    """A version that was accepted, by whom and when (ms since 1970 UTC)."""

    version: int
    person: str
    accepted_at: int


class Acceptance(DecisionSeries):
    """The versions of an agreement that one partner has accepted."""

    TOPIC = "acceptance"

    @staticmethod
    def create_id(program: str, partner: str) -> str:
        return f"acceptance:{program}/{partner}"

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []

    def accept(
        self,
        program: str,
        partner: str,
        shown: AgreementVersion,
        sha256: str,
        person: str,
        accepted_at: int,
        by: str = "",
    ) -> None:
        """`person` accepted the version `shown` for the partner at `accepted_at` (ms).

        The same person's acceptance of the same version again adds nothing, whenever it is
        said to be: the first one stands.
        """
        name_of("person", person)
        time_of("accepted_at", accepted_at)
        if sha256 != shown.sha256:
            raise Invalid("sha256", sha256, f"{shown.sha256}, of version {shown.version}")
        for stands in self.accepted:
            if stands.version == shown.version and stands.person == person:
                return
            if stands.version >= shown.version:
                raise Conflict(
                    f"{stands.person} accepted version {stands.version} of the agreement of "
                    f"{program} for {partner} already; only a newer version can be accepted"
                )
        self._accept(program, partner, shown.version, sha256, person, accepted_at, by)

    @event("Accepted", topic="agreement.accepted")
    def _accept(
        self,
        program: str,
        partner: str,
        version: int,
        sha256: str,
        person: str,
        accepted_at: int,
        by: str,
    ) -> None:
        self.accepted.append(Accepted(version, person, accepted_at))
