"""Progress of an import on stderr: a bar for people, nothing for pipes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EVERY = 500
"""Steps between two drawings of a bar that moves by single steps."""


@contextmanager
def bar(title: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar of `total` steps; yields the function that moves it on."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    with progress:
        task = progress.add_task(title, total=total)
        waiting = 0

        def advance(steps: int = 1) -> None:
            nonlocal waiting
            waiting += steps
            if waiting >= EVERY:
                progress.advance(task, waiting)
                waiting = 0

        yield advance
        progress.advance(task, waiting)
