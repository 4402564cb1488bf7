"""`pledger contests`: who sold most between two moments, and what the best win.

The standings are a fold over the journal, up to exact positions. Closing a contest writes them
down with those positions, so that anybody can reckon the winners again, and books the prizes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asked import program_of
from cli.display import AsJson, By, Column, print_json, print_table, show, text
from cli.ledger import decisions, directory
from cli.money import shown
from cli.reading import BadOption, iso
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from events.decisions import ContestClosed
    from events.settings import Broker
    from projections.contest import Race
    from projections.contest_terms import OpenContest
    from projections.directory import Directory

app = typer.Typer(no_args_is_help=True, help="Contests: standings, and closing with prizes.")

Program = Annotated[str, typer.Argument(help="The program's id.")]
Contest = Annotated[str, typer.Argument(help="The contest's name, as the terms have it.")]


@app.command("list")
def list_contests(program: Program, home: Home = None, as_json: AsJson = False) -> None:
    """List the contests of a program's terms.

    Example:

        pledger contests list acme
    """
    from projections.contest_terms import contests_of

    with directory(settings_of(home)) as follower:
        currency = program_of(follower.directory, program).currency
        found = contests_of(follower.directory, program)
        closed = {one.contest for one in follower.directory.contests_closed(program)}
    rows = [
        {
            "contest": name,
            "starts": iso(one.contest.starts),
            "ends": iso(one.contest.ends),
            "event": one.contest.event,
            "measure": one.contest.measure,
            "prizes": [
                {"amount": prize.amount, "unit": prize.currency or currency}
                for prize in one.contest.prizes
            ],
            "terms": one.terms,
            "closed": name in closed,
        }
        for name, one in found.items()
    ]
    columns = [
        text("contest", "contest"),
        text("starts", "starts"),
        text("ends", "ends"),
        Column("most", lambda row: f"{row['measure']} of {row['event']}s"),
        Column(
            "prizes", lambda row: ", ".join(shown(p["amount"], p["unit"]) for p in row["prizes"])
        ),
        Column("closed", lambda row: "yes" if row["closed"] else "no"),
    ]
    show(rows, columns, as_json=as_json, empty=f"the terms of {program} have no contest")


@app.command()
def standings(
    program: Program, contest: Contest, home: Home = None, as_json: AsJson = False
) -> None:
    """Show who leads, as the journal says now.

    Example:

        pledger contests standings acme autumn
    """
    settings = settings_of(home)
    with directory(settings) as follower:
        currency = program_of(follower.directory, program).currency
        found = contest_of(follower.directory, program, contest)
    race, positions = run(settings.broker, program, found)
    rows = [
        {
            "rank": place.rank,
            "partner": place.partner,
            "measure": place.measure,
            "reached": iso(place.reached_at),
        }
        for place in race.standings()
    ]
    if as_json:
        answer = {"program": program, "contest": contest, "standings": rows}
        print_json({**answer, "positions": positions})
        return
    show(rows, _places(found, currency), as_json=False, empty="nobody has sold anything yet")


@app.command()
def close(
    program: Program,
    contest: Contest,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Decide a contest that has ended, and book the prizes.

    It is decided once: conversions that are recorded later, and refunds, change no result. So
    close it when what happened within it has come in.

    Example:

        pledger contests close acme autumn --by ann
    """
    settings = settings_of(home)
    with directory(settings) as follower:
        known = follower.directory
        currency = program_of(known, program).currency
        found = contest_of(known, program, contest)
        decided = decided_contest(known, program, contest)
    if decided is None:
        now = time.time_ns() // 1_000_000
        if now < found.contest.ends:
            raise BadOption(
                f"contest {contest} of {program} runs until {iso(found.contest.ends)}; see "
                f"`pledger contests standings {program} {contest}`"
            )
        race, positions = run(settings.broker, program, found)
        with decisions(settings) as ledger:
            ledger.close_contest(
                program, contest, found.terms, positions, race.winners(currency), by=by
            )
        with directory(settings) as follower:
            decided = decided_contest(follower.directory, program, contest)
        assert decided is not None
    _tell(decided, found, currency, as_json)


def contest_of(directory: Directory, program: str, contest: str) -> OpenContest:
    """Raises BadOption unless the program's terms have it."""
    from projections.contest_terms import contests_of

    found = contests_of(directory, program)
    if contest not in found:
        there = ", ".join(found) or "none"
        raise BadOption(f"the terms of {program} have no contest {contest!r}; there is {there}")
    return found[contest]


def decided_contest(directory: Directory, program: str, contest: str) -> ContestClosed | None:
    """How it was decided; None while it is not."""
    for closed in directory.contests_closed(program):
        if closed.contest == contest:
            return closed
    return None


def run(broker: Broker, program: str, found: OpenContest) -> tuple[Race, dict[str, int]]:
    """The race as of the journal's ends now, and those ends."""
    from cli.progress import bar
    from projections.contest import Race
    from streams.journal_reading import entries, journal_ends

    ends = journal_ends(broker)
    race = Race(program, found.contest)
    with bar("reading the journal", sum(ends.values()), "entries") as advance:
        for posted in entries(broker, ends, advance):
            race.take(posted.entry)
    return race, {str(partition): end for partition, end in ends.items()}


def _places(found: OpenContest, currency: str) -> list[Column]:
    return [
        text("rank", "rank"),
        text("partner", "partner"),
        Column(
            found.contest.measure,
            lambda row: measured(row["measure"], found, currency),
            right=True,
        ),
        text("reached", "reached"),
    ]


def measured(measure: int, found: OpenContest, currency: str) -> str:
    """`1,200.00 EUR`, or `7 sales`."""
    if found.contest.measure == "amount":
        return shown(measure, currency)
    return f"{measure:,} {found.contest.event}{'' if measure == 1 else 's'}"


def _tell(decided: ContestClosed, found: OpenContest, currency: str, as_json: bool) -> None:
    if as_json:
        print_json(decided)
        return
    at = ", ".join(f"{partition}: {end}" for partition, end in decided.positions.items())
    typer.echo(f"contest {decided.contest} of {decided.program} closed")
    typer.echo(f"reckoned from the journal up to (partition: offset) {at}")
    if not decided.winners:
        typer.echo("nobody won: nobody sold anything")
        return
    rows: list[dict[str, Any]] = [
        {
            "rank": winner.rank,
            "partner": winner.partner,
            "measure": measured(winner.measure, found, currency),
            "prize": shown(winner.amount, winner.unit),
        }
        for winner in decided.winners
    ]
    columns = [
        text("rank", "rank"),
        text("partner", "partner"),
        Column(found.contest.measure, lambda row: str(row["measure"]), right=True),
        Column("prize", lambda row: str(row["prize"]), right=True),
    ]
    print_table(rows, columns)
