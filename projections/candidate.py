"""Candidate terms: what if a program had had these?

    found = CandidateDirectory((Candidate("acme", terms, begins, ends),))
    for decision in decisions: found.apply(decision)

The directory answers as `Directory` does, but for a moment in [begins, ends) candidate terms
stand in the place of the program's general terms, or of one partner's own where they name a
partner. They are known from the beginning: what was known of terms in history, and when, does
not matter to them. All other decisions stay: partners, links, coupons, rates, agreements, and
what is in force outside of that time.
"""

from __future__ import annotations

from typing import NamedTuple

from events.terms import Terms
from projections.directory import ENGINE_2, Directory
from projections.terms_history import TermsInForce

BEGINNING = -(2**53)
END = 2**53
"""All of time, ms."""


class Candidate(NamedTuple):
    """Terms of `program` for what happens in [begins, ends), ms."""

    program: str
    terms: Terms
    """Its `version` must not be one of the program's: groups of retroactive tiers bear it."""
    begins: int = BEGINNING
    ends: int = END
    without_individual: bool = False
    """General terms only: they count for partners with terms of their own too."""

    @property
    def position(self) -> str:
        """What stands in the place of the decision that added terms."""
        partner = self.terms.partner
        return f"what-if/{self.program}/{partner}" if partner else f"what-if/{self.program}"

    def covers(self, moment: int) -> bool:
        """Whether they are in force at `moment`, ms."""
        return self.begins <= moment < self.ends


class CandidateDirectory(Directory):
    """The directory of a history in which some programs had other terms."""

    def __init__(self, candidates: tuple[Candidate, ...]) -> None:
        """At most one for the general terms of a program, one for each partner's own."""
        super().__init__()
        self._candidates = {(one.program, one.terms.partner): one for one in candidates}
        self._found = {
            key: TermsInForce(one.terms, one.position) for key, one in self._candidates.items()
        }
        self.programs_changed = frozenset(one.program for one in candidates)
        """Those that have candidate terms: nothing is other for the rest."""

    def terms(
        self, program: str, known: int, occurred_at: int, partner: str = ""
    ) -> TermsInForce | None:
        """As `Directory.terms`, with the candidates in their place."""
        if program not in self.programs_changed:
            return super().terms(program, known, occurred_at, partner)
        general = self._candidate(program, "", occurred_at)
        alone = general is not None and self._candidates[program, ""].without_individual
        if general is None:
            general = super().terms(program, known, occurred_at)
        if not partner or general is None or general.terms.engine != ENGINE_2:
            return general
        own = self._candidate(program, partner, occurred_at)
        if own is None and not alone:
            history = self._individual.get((program, partner))
            own = None if history is None else history.in_force(known, occurred_at)
        return general if own is None or own.terms.engine != ENGINE_2 else own

    def terms_versions(self, program: str) -> tuple[TermsInForce, ...]:
        """All versions of a program's terms, the candidates last."""
        found = [one for (of, _), one in self._found.items() if of == program]
        return (*super().terms_versions(program), *found)

    def _candidate(self, program: str, partner: str, moment: int) -> TermsInForce | None:
        candidate = self._candidates.get((program, partner))
        if candidate is None or not candidate.covers(moment):
            return None
        return self._found[program, partner]
