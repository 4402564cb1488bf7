"""`pledger replay --what-if`: what would have been paid under other terms.

Reads the log and writes nothing to it. Exit status: 0 answered, 1 the log is not what follows
from it (the record is named), 2 could not be asked or answered.
"""

from __future__ import annotations

import time

import typer

from cli.audit_parts import ending
from cli.display import print_json
from cli.ledger import require_broker
from cli.progress import Shown, showing
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
    shown: Shown = Shown.AUTO,
    as_json: bool,
) -> None:
    """Answer the question and print it; with `to_warehouse`, write it there too.

    `processes` 0: as many as pay. `patience`: seconds.
    """
    import msgspec

    from audit.decided import read_decisions
    from audit.log import KafkaLog
    from audit.what_if.parallel import records_to_read, what_if
    from cli.what_if_question import question_of, reads_clicks
    from cli.what_if_warehouse import check_name, write_answer
    from events import topics

    began = time.monotonic()
    try:
        if options.to_warehouse:
            check_name(options.to_warehouse)
        with ending(as_json):
            require_broker(settings)
        with ending(as_json), showing("deciding both ways", "records", shown) as progress:
            log = KafkaLog(settings.broker)
            directory = read_decisions(log).directory
            clicks = sum(log.ends(topics.CLICKS).values()) if reads_clicks(options) else 0
            progress.expect(records_to_read(log) + clicks)
            question = question_of(options, program, directory, log, progress)
            answer = what_if(
                settings.broker,
                question,
                processes=processes or None,
                patience=patience,
                progress=progress,
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
