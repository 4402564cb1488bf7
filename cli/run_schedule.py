"""`pledger runs due`: start the runs of programs whose terms pay by schedule. For cron.

A run is called by its program, unit and period, so each happens once, whoever asks and however
often: `acme-2026-11-eur` for November, `acme-2026-w47-eur` for a week (ISO 8601). A period in
which nobody could be paid on its day is paid as soon as somebody can.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.display import AsJson, print_json
from cli.ledger import decisions, directory
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregates.application import Decisions
    from events.settings import Settings
    from streams.decisions import DirectoryFollower

AUTHOR = "schedule"
"""Who asks for the payouts of a due run."""


def add_commands(app: typer.Typer) -> None:
    """Add `due`."""
    app.command("due")(due)


def due(
    source: Annotated[
        str, typer.Option("--balances", help="Where balances come from: warehouse or journal.")
    ] = "warehouse",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Start, and go on with, the runs that are due now. Running it again changes nothing.

    Example, in a crontab:

        */10 * * * *  pledger runs due
    """
    settings = settings_of(home)
    with directory(settings) as follower, decisions(settings) as ledger:
        started = list(start_due(settings, follower, ledger, source))
    if as_json:
        print_json(started)
    elif not started:
        typer.echo("no run is due")
    for one in () if as_json else started:
        typer.echo(f"run {one['run']}: {one['payouts']} payouts, {one['asked_for']} asked for now")


def start_due(
    settings: Settings, follower: DirectoryFollower, ledger: Decisions, source: str
) -> Iterator[dict[str, Any]]:
    """The runs that are due and not whole yet, started and asked for, one after another."""
    from aggregates.errors import NotFound
    from cli.due_runs import due_runs
    from cli.run_plan import planned, start_run

    for one in due_runs(follower.directory, time.time_ns() // 1_000_000):
        try:
            missing = len(ledger.run(one.run).payouts) - len(ledger.payouts_of(one.run))
        except NotFound:
            candidates = planned(settings, follower, one.program, one.unit, source)
            if not start_run(ledger, one.run, candidates, AUTHOR):
                continue
            missing = len(candidates.paid)
        if missing:
            payouts = sum(1 for _ in ledger.request_run(one.run, AUTHOR))
            yield {
                "run": one.run,
                "program": one.program,
                "unit": one.unit,
                "payouts": payouts,
                "asked_for": missing,
            }
