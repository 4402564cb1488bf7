"""`pledger replay --what-if`: what would have been paid under other terms.

Reads the log and writes nothing to it. Exit status: 0 answered, 1 the log is not what follows
from it (the record is named), 2 could not be asked or answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from cli.audit_parts import proving
from cli.display import print_json
from cli.reading import BadOption
from cli.what_if_options import WhatIfOptions
from cli.what_if_tables import print_answer
from events.settings import Settings


def ask_what_if(
    settings: Settings,
    options: WhatIfOptions,
    *,
    program: str = "",
    processes: int = 0,
    patience: float,
    as_json: bool,
) -> None:
    """Answer the question and print it; with `to_warehouse`, write it there too."""
    import msgspec

    from audit.decided import read_decisions
    from audit.log import KafkaLog
    from audit.what_if.parallel import records_to_read, what_if
    from cli.what_if_question import question_of
    from cli.what_if_warehouse import check_name, write_answer
    from events import topics

    began = time.monotonic()
    try:
        if options.to_warehouse:
            check_name(options.to_warehouse)
        with proving("reading the decisions", as_json):
            log = KafkaLog(settings.broker)
            directory = read_decisions(log).directory
            total = records_to_read(log)
            clicks = sum(log.ends(topics.CLICKS).values())
        rules = bool(options.count_clicks or options.refuse_clicks)
        with proving("deciding again", as_json), _bar(total + rules * clicks) as advance:
            question = question_of(options, program, directory, log, advance)
            answer = what_if(
                settings.broker,
                question,
                processes=processes or None,
                patience=patience,
                progress=advance,
            )
    except BadOption as problem:
        typer.echo(f"error: {problem}", err=True)
        raise typer.Exit(2) from problem
    seconds = time.monotonic() - began
    if options.to_warehouse:
        write_answer(settings, options.to_warehouse, answer)
    if as_json:
        print_json(msgspec.to_builtins(answer))
    else:
        print_answer(answer)
    typer.echo(
        f"{answer.records:,} records in {seconds:.1f} s; nothing was written to the log", err=True
    )


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar with the time that remains; yields what is told how many records were read."""
    console = Console(stderr=True)
    columns = (
        TextColumn("deciding both ways"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} records,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("records", total=total)
        yield lambda records: bar.advance(task, records)
