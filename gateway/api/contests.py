"""`/v1/programs/{program}/contests`: standings, and closing with prizes."""

from __future__ import annotations

import time

from litestar import Router, get, post
from msgspec import Struct

from events.decisions import ContestClosed
from events.terms import Contest
from gateway.api.context import Context
from gateway.api.programs import program_view
from gateway.problems import Problem
from projections.contest import Race, Standing
from projections.contest_terms import OpenContest, contests_of
from streams.journal_reading import entries, journal_ends


class ContestView(Struct):
    """A contest of the terms; `result` once it is closed."""

    contest: Contest
    terms: int
    """Version of the terms that says so."""
    result: ContestClosed | None = None


class StandingsView(Struct):
    """Who leads, reckoned from the journal up to `positions` (partition → offset)."""

    standings: list[Standing]
    positions: dict[str, int]


@get("/")
async def list_contests(program: str, context: Context) -> list[ContestView]:
    """The contests of the program's terms."""
    program_view(context, program)
    found = contests_of(context.known.directory, program)
    return [
        ContestView(one.contest, one.terms, closed_contest(context, program, name))
        for name, one in found.items()
    ]


@get("/{contest:str}/standings")
async def standings(program: str, contest: str, context: Context) -> StandingsView:
    """Who leads, as the journal says now."""
    race, positions = await run(context, program, open_contest(context, program, contest))
    return StandingsView(list(race.standings()), positions)


@post("/{contest:str}/close", status_code=200)
async def close_contest(program: str, contest: str, context: Context) -> ContestClosed:
    """Decide a contest that has ended, and book the prizes."""
    currency = program_view(context, program).currency
    found = open_contest(context, program, contest)
    closed = closed_contest(context, program, contest)
    if closed is not None:
        return closed
    if time.time_ns() // 1_000_000 < found.contest.ends:
        raise Problem(409, f"contest {contest} of {program} runs until {found.contest.ends} (ms)")
    race, positions = await run(context, program, found)
    await context.command(
        lambda decisions: decisions.close_contest(
            program, contest, found.terms, positions, race.winners(currency), by=context.author
        )
    )
    closed = closed_contest(context, program, contest)
    if closed is None:
        raise Problem(503, "the contest is closed, but not read back yet; ask again")
    return closed


async def run(context: Context, program: str, found: OpenContest) -> tuple[Race, dict[str, int]]:
    """The race as of the journal's ends now, and those ends."""

    def read() -> tuple[Race, dict[str, int]]:
        broker = context.settings.broker
        ends = journal_ends(broker)
        race = Race(program, found.contest)
        for posted in entries(broker, ends):
            race.take(posted.entry)
        return race, {str(partition): end for partition, end in ends.items()}

    return await context.on_thread(read)


def open_contest(context: Context, program: str, contest: str) -> OpenContest:
    """A contest of the program's terms; a Problem, 404, where they have none of that name."""
    program_view(context, program)
    found = contests_of(context.known.directory, program).get(contest)
    if found is None:
        raise Problem(404, f"the terms of {program} have no contest {contest!r}")
    return found


def closed_contest(context: Context, program: str, contest: str) -> ContestClosed | None:
    """How the contest was decided; None before that."""
    for closed in context.known.directory.contests_closed(program):
        if closed.contest == contest:
            return closed
    return None


contests = Router(
    "/v1/programs/{program:str}/contests",
    route_handlers=[list_contests, standings, close_contest],
    tags=["contests"],
)
