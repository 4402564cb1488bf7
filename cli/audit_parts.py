"""What the commands that prove something share: patience, keys, a bar, and bad news."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from audit.difference import Difference
from cli.display import print_json
from cli.proofs import print_difference
from events.click_token import ClickKeys, load_keys
from events.settings import Settings

Patience = Annotated[
    float,
    typer.Option(
        "--patience",
        help="Seconds to wait for records a running worker has yet to write.",
        min=0,
    ),
]


def not_audited(problem: Exception) -> typer.Exit:
    """Neither verified nor not: the log could not be read, or holds no such payout."""
    typer.echo(f"error: {problem}", err=True)
    return typer.Exit(2)


def click_keys(found: Settings) -> ClickKeys | None:
    """The click keys, where this machine has them; without, clicks are only looked up."""
    return load_keys(found.keys) if found.keys.exists() else None


def audit_progress(what: str) -> Progress:
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn(what),
        TextColumn("{task.completed:,.0f} records"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def fail(difference: Difference, as_json: bool) -> None:
    if as_json:
        print_json({"verified": False, "difference": msgspec.to_builtins(difference)})
    else:
        print_difference(difference)
