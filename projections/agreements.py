"""Agreements and who accepted them: from a program's first agreement on, only partners that
accepted a version of it earn.

Each value is kept with the number of the decision that set it, as everything in the directory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from events import decisions as fact
from events.decisions import Decision
from projections.history import History, remember
from projections.views import AcceptanceView, AgreementView


class Agreements:
    """What was published by each program, and accepted by each of its partners."""

    def __init__(self) -> None:
        super().__init__()
        self._agreements: dict[str, History[AgreementView]] = {}
        self._agreement_versions: dict[str, list[AgreementView]] = {}
        self._acceptances: dict[tuple[str, str], History[AcceptanceView]] = {}

    # As of `known`

    def agreement(self, program: str, known: int) -> AgreementView | None:
        """The program's newest agreement; None before the first was published."""
        history = self._agreements.get(program)
        return None if history is None else history.at(known)

    def acceptance(self, program: str, partner: str, known: int) -> AcceptanceView | None:
        """What the partner accepted last; None where it never did."""
        history = self._acceptances.get((program, partner))
        return None if history is None else history.at(known)

    def may_earn(self, program: str, partner: str, known: int) -> bool:
        """Whether no agreement hinders the partner: there is none, or it accepted a version."""
        if not self._agreements or self.agreement(program, known) is None:
            return True
        return self.acceptance(program, partner, known) is not None

    # Current, for listings

    def agreements(self, program: str) -> tuple[AgreementView, ...]:
        """All versions of a program's agreement."""
        return tuple(self._agreement_versions.get(program, ()))

    def acceptances(self, program: str) -> tuple[AcceptanceView, ...]:
        """What each partner of a program accepted last."""
        return tuple(
            history.current for (of, _), history in self._acceptances.items() if of == program
        )

    # The fold

    def _agreement_published(self, decision: Decision, found: fact.AgreementPublished) -> None:
        view = AgreementView(
            found.program,
            found.version,
            found.title,
            found.text,
            found.sha256,
            found.terms,
            decision.recorded_at,
        )
        remember(self._agreements, found.program, decision.number, view)
        self._agreement_versions.setdefault(found.program, []).append(view)

    def _agreement_accepted(self, decision: Decision, found: fact.AgreementAccepted) -> None:
        view = AcceptanceView(
            found.program,
            found.partner,
            found.version,
            found.sha256,
            found.person,
            found.accepted_at,
            decision.recorded_at,
        )
        remember(self._acceptances, (found.program, found.partner), decision.number, view)


EVOLVE: dict[str, Callable[[Agreements, Decision, Any], None]] = {
    "agreement.published": Agreements._agreement_published,
    "agreement.accepted": Agreements._agreement_accepted,
}
