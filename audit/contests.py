"""Contests decided again: the ranking of each closing from the journal it cites.

A closing names how far it read the journal, so the race is run again over exactly those
entries. Prizes are booked by what it says; who wins must therefore follow from the log too.
All races are run in one reading of the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import DecodeError, Struct

from audit.decided import Decided
from audit.difference import Difference
from audit.log import Log
from audit.read import Progress, counted
from events import topics
from events.codec import encode
from events.decisions import ContestClosed, Decision
from projections.contest import Race
from projections.contest_terms import contest_in
from projections.posted import accepted


class _Closing(Struct):
    decision: Decision
    closed: ContestClosed
    race: Race
    currency: str

    @property
    def name(self) -> str:
        return f"contest {self.closed.contest} of {self.closed.program}"

    def end(self, partition: int) -> int:
        """Offset up to which it says it read a partition of the journal."""
        return self.closed.positions.get(str(partition), 0)


def prove_contests(
    log: Log, decided: Decided, progress: Progress, programs: Collection[str] | None = None
) -> Iterator[Difference]:
    """The closings whose winners do not follow from the journal; of `programs`, or of all."""
    closings: list[_Closing] = []
    for decision in decided.decisions:
        closed = _closed(decision)
        if closed is None or (programs is not None and closed.program not in programs):
            continue
        program = decided.directory.program(closed.program, decision.number)
        # As the version it names has it: later terms may have another under that name.
        found = contest_in(decided.directory, closed.program, closed.contest, closed.terms)
        if program is None or found is None:
            yield no_such_contest(decision, closed)
            continue
        race = Race(closed.program, found)
        closings.append(_Closing(decision, closed, race, program.currency))
    if closings:
        _run(log, closings, progress)
    for closing in closings:
        winners = closing.race.winners(closing.currency)
        if winners != closing.closed.winners:
            yield Difference(
                "altered",
                closing.decision.position,
                f"the winners of {closing.name} are not those of the journal it was reckoned from",
                expected=encode(winners).decode(),
                found=encode(closing.closed.winners).decode(),
            )


def no_such_contest(decision: Decision, closed: ContestClosed) -> Difference:
    """The difference of a closing whose contest its version of the terms does not have."""
    detail = (
        f"closes contest {closed.contest} of {closed.program}, which version "
        f"{closed.terms} of the terms does not have"
    )
    return Difference("foreign", decision.position, detail)


def _closed(decision: Decision) -> ContestClosed | None:
    """What a decision closes; None for any other, and for one that cannot be read."""
    if decision.name != "contest.closed":
        return None
    try:
        fact = decision.fact()
    except DecodeError:
        return None
    return fact if isinstance(fact, ContestClosed) else None


def _run(log: Log, closings: list[_Closing], progress: Progress) -> None:
    for partition in range(log.partitions(topics.JOURNAL)):
        last = max(closing.end(partition) for closing in closings)
        for posted in accepted(counted(log.read(topics.JOURNAL, partition, 0, last), progress)):
            for closing in closings:
                if posted.offset < closing.end(partition):
                    closing.race.take(posted.entry)
