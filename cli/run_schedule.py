"""`pledger runs due`, for cron, and `pledger scheduler`: start what terms pay by schedule.

A run is called by its program, unit and period, so each happens once, whoever asks and however
often: `acme-2026-11-eur` for November, `acme-2026-w47-eur` for a week (ISO 8601). A period in
which nobody could be paid on its day is paid as soon as somebody can.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, print_json
from cli.ledger import decisions, directory
from cli.system import Home, settings_of


def add_commands(app: typer.Typer) -> None:
    """Add `due`."""
    app.command("due")(due)


def scheduler(home: Home = None) -> None:
    """Start payout runs when they are due, looking once a minute, until Ctrl-C.

    Example:

        pledger scheduler
    """
    from cli.scheduler import run

    run(settings_of(home))


def due(
    source: Annotated[
        str, typer.Option("--balances", help="Where balances come from: warehouse or journal.")
    ] = "warehouse",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Start, and go on with, the runs that are due now. Running it again changes nothing.

    A crontab can run it every ten minutes, in the place of `pledger scheduler`.

    Examples:

        pledger runs due

        pledger runs due --balances journal --json
    """
    from cli.scheduler import start_due

    settings = settings_of(home)
    with directory(settings) as follower, decisions(settings) as ledger:
        started = list(start_due(settings, follower, ledger, source))
    if as_json:
        print_json(started)
    elif not started:
        typer.echo("no run is due")
    for one in () if as_json else started:
        typer.echo(f"run {one['run']}: {one['payouts']} payouts, {one['asked_for']} asked for now")
