"""What the commands that prove something share: patience, keys, a bar, and how they end.

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be audited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from audit.difference import AuditFailed
from cli.display import print_json
from cli.proofs import print_difference
from cli.system import settings_of
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


@contextmanager
def proving(
    what: str, as_json: bool = False, unknown: type[LookupError] | tuple[()] = ()
) -> Iterator[Callable[[int], None]]:
    """A proof under way, with a bar on stderr; yields what is told how many records were read.

    A difference is printed and ends the command with 1; a log that cannot be read, or a subject
    that is `unknown`, with 2.
    """
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn(what),
        TextColumn("{task.completed:,.0f} records"),
        TimeElapsedColumn(),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("records", total=None)
        with ending(as_json, unknown, progress.stop):
            yield lambda records: progress.advance(task, records)


def ledger_to_prove(home: Path | None) -> Settings:
    """The settings of the ledger in `home`, whose broker answers and is this ledger's own; else
    the command ends with 2 and says what to do."""
    from cli.ledger import require_broker

    found = settings_of(home)
    with ending(as_json=False):
        require_broker(found)
    return found


@contextmanager
def ending(
    as_json: bool,
    unknown: type[LookupError] | tuple[()] = (),
    stop: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """How a proof ends that cannot be had or fails, after `stop` has cleared its bar."""
    from confluent_kafka import KafkaException

    from cli.failures import in_words
    from cli.ledger import NotReady, Unreachable
    from deploy import DeployError
    from events.log import LogError

    try:
        yield
    except (DeployError, KafkaException, LogError, NotReady, Unreachable) as problem:
        stop()
        raise _not_audited(in_words(problem)) from problem
    except unknown as problem:
        stop()
        raise _not_audited(str(problem)) from problem
    except AuditFailed as failed:
        stop()
        if as_json:
            difference = msgspec.to_builtins(failed.difference)
            print_json({"verified": False, "difference": difference})
        else:
            print_difference(failed.difference)
        raise typer.Exit(1) from failed


def click_keys(found: Settings) -> ClickKeys | None:
    """The click keys, where this machine has them; without, clicks are only looked up."""
    return load_keys(found.keys) if found.keys.exists() else None


def _not_audited(why: str) -> typer.Exit:
    typer.echo(f"error: {why}", err=True)
    return typer.Exit(2)
