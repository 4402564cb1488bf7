"""Commands on contests: their result, decided once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregates.commands.finding import Finding
from aggregates.contest_result import ContestResult
from aggregates.errors import NotFound
from events.decisions import Winner


class ContestCommands(Finding):
    """Results of contests. A contest itself stands in the terms."""

    def close_contest(
        self,
        program: str,
        contest: str,
        terms: int,
        positions: Mapping[str, int],
        winners: Sequence[Winner],
        by: str = "",
    ) -> None:
        """Decide who won, by the journal up to `positions` (partition → offset after the last
        record that was read). `terms`: the version of the terms the contest stands in."""

        def close() -> ContestResult:
            self._check_contest(program, contest, terms)
            for winner in winners:
                self._partner(winner.partner)
            return ContestResult.close(program, contest, terms, positions, winners, by)

        self._create(
            ContestResult,
            ContestResult.create_id(program, contest),
            close,
            lambda found: found.repeat_closing(winners),
        )

    def _check_contest(self, program: str, contest: str, terms: int) -> None:
        versions = self._program(program).terms
        if not 1 <= terms <= len(versions):
            raise NotFound(f"there is no version {terms} of the terms of {program}; add it first")
        names = [found.name for found in versions[terms - 1].contests]
        if contest not in names:
            raise NotFound(
                f"there is no contest {contest!r} in version {terms} of the terms of {program}; "
                f"it has {', '.join(map(repr, names)) or 'none'}"
            )

    def contest(self, program: str, contest: str) -> ContestResult:
        """Its result; raises NotFound while it is not closed."""
        name = ContestResult.create_id(program, contest)
        return self._now(lambda: self._get(ContestResult, name, "close it first"))
