"""Commands on agreements: published by a program, accepted for a partner."""

from __future__ import annotations

from aggregates.acceptance import Acceptance
from aggregates.agreement import Agreement
from aggregates.commands.finding import Finding
from aggregates.errors import NotFound


class AgreementCommands(Finding):
    """Agreements and who accepted them."""

    def publish_agreement(
        self, program: str, title: str, text: str, terms: int = 0, by: str = ""
    ) -> int:
        """The number of the version, from 1. `terms`: version of the program's terms that it
        shows, 0 for none. From the first one on, only partners that accepted a version earn.
        """

        def finding() -> Agreement:
            versions = len(self._program(program).terms)
            if not 0 <= terms <= versions:
                raise NotFound(f"there is no version {terms} of the terms of {program}; add it")
            return self._agreement(program)

        version: int = self._change(
            finding, lambda found: found.publish(program, title, text, terms, by)
        )
        return version

    def accept_agreement(
        self,
        partner: str,
        program: str,
        version: int,
        sha256: str,
        person: str,
        accepted_at: int,
        by: str = "",
    ) -> None:
        """`person` accepted the version for the partner; `sha256`: of the text as shown, in
        hex; `accepted_at`: ms since 1970 UTC."""

        def finding() -> Acceptance:
            self._member(partner, program)
            return self._acceptance(program, partner)

        self._change(
            finding,
            lambda found: found.accept(
                program,
                partner,
                self._agreement(program).shown(program, version),
                sha256,
                person,
                accepted_at,
                by,
            ),
        )

    def agreement(self, program: str) -> Agreement:
        """As it stands now; without a version where none was published."""
        return self._now(lambda: self._agreement(program))

    def acceptance(self, program: str, partner: str) -> Acceptance:
        """As it stands now; empty where nothing was accepted."""
        return self._now(lambda: self._acceptance(program, partner))

    def _agreement(self, program: str) -> Agreement:
        return self._series(Agreement, Agreement.create_id(program))

    def _acceptance(self, program: str, partner: str) -> Acceptance:
        return self._series(Acceptance, Acceptance.create_id(program, partner))
