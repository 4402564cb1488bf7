"""What is asked of history: which terms in whose place, and which clicks count."""

from __future__ import annotations

from typing import NamedTuple

from audit.decided import Decided
from audit.what_if.clicks import ClickRules
from projections.candidate import Candidate, CandidateDirectory


class Question(NamedTuple):
    """A what-if, as every process is told it."""

    candidates: tuple[Candidate, ...] = ()
    programs: frozenset[str] = frozenset()
    """Those that are decided both ways: every one with candidate terms, and those for which
    other clicks count."""
    clicks: ClickRules = ClickRules()
    top: int = 10
    """How many commissions that move most, of each unit."""


class OtherDirectory:
    """The directory with the candidate terms, as far as decisions were read."""

    def __init__(self, question: Question, decided: Decided) -> None:
        self._decided = decided
        self.directory = CandidateDirectory(question.candidates)
        self.catch_up()

    def catch_up(self) -> None:
        """Apply the decisions that were read since."""
        for decision in self._decided.decisions[self.directory.count :]:
            self.directory.apply(decision)
