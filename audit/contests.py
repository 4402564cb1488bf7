"""Contests decided again: the ranking of each closing from the journal it cites.

A closing names how far it read the journal, so the race is run again over exactly those
entries. Prizes are booked by what it says; who wins must therefore follow from the log too.
"""

from __future__ import annotations

from collections.abc import Iterator

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


def prove_contests(log: Log, decided: Decided, progress: Progress) -> Iterator[Difference]:
    """The closings whose winners do not follow from the journal."""
    for decision in decided.decisions:
        if decision.name == "contest.closed":
            closed = decision.fact()
            assert isinstance(closed, ContestClosed)
            yield from _prove(log, decided, decision, closed, progress)


def _prove(
    log: Log, decided: Decided, decision: Decision, closed: ContestClosed, progress: Progress
) -> Iterator[Difference]:
    program = decided.directory.program(closed.program, decision.number)
    found = contest_in(decided.directory, closed.program, closed.contest, closed.terms)
    name = f"contest {closed.contest} of {closed.program}"
    if program is None or found is None:
        detail = f"closes {name}, which terms {closed.terms} do not have"
        yield Difference("foreign", decision.position, detail)
        return
    race = Race(closed.program, found)
    for partition in range(log.partitions(topics.JOURNAL)):
        end = closed.positions.get(str(partition), 0)
        for posted in accepted(counted(log.read(topics.JOURNAL, partition, 0, end), progress)):
            race.take(posted.entry)
    winners = race.winners(program.currency)
    if winners != closed.winners:
        yield Difference(
            "altered",
            decision.position,
            f"the winners of {name} are not those of the journal it was reckoned from",
            expected=encode(winners).decode(),
            found=encode(closed.winners).decode(),
        )
