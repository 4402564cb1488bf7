"""Progress of long work on stderr: a bar with rate and remaining time, or a line now and then.

auto    a bar at a terminal, nothing in a pipe
plain   a line every few seconds, for logs
none    nothing
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

T = TypeVar("T")

LINE_EVERY_S = 10.0
"""How often `plain` prints a line, seconds."""
MOVED_EVERY_S = 0.1
"""How often a bar is moved that is told of single steps, seconds."""


class Shown(StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    PLAIN = "plain"
    NONE = "none"


ShownProgress = Annotated[
    Shown,
    typer.Option("--progress", help="A bar at a terminal, plain lines now and then, or none."),
]


class Advance:
    """Work under way, of which the total may become known, or grow, later. Use from one thread."""

    def __init__(self, changed: Callable[[Advance], None]) -> None:
        self.done = 0
        self.total: int | None = None
        self.began = time.monotonic()
        self._changed = changed

    def expect(self, total: int) -> None:
        """So much there is to do, in all."""
        self.total = total
        self._changed(self)

    def __call__(self, more: int) -> None:
        """So much more is done. More than was expected only shows that more has come."""
        self.done += more
        if self.total is not None:
            self.total = max(self.total, self.done)
        self._changed(self)

    def line(self, what: str, unit: str) -> str:
        """All of it in words: done, total, rate, remaining."""
        seconds = time.monotonic() - self.began
        rate = self.done / seconds if seconds else 0.0
        of = "" if self.total is None else f" of {self.total:,}"
        left = ""
        if self.total is not None and rate:
            left = f", {timedelta(seconds=round((self.total - self.done) / rate))} left"
        return f"{what}: {self.done:,}{of} {unit}, {rate:,.0f} a second{left}"


class _RateColumn(TextColumn):
    def __init__(self, unit: str) -> None:
        super().__init__("")
        self._unit = unit

    def render(self, task: Task) -> Text:
        of = "" if task.total is None else f" of {task.total:,.0f}"
        rate = f", {task.speed:,.0f} a second" if task.speed else ""
        return Text(f"{task.completed:,.0f}{of} {self._unit}{rate}")


@contextmanager
def showing(what: str, unit: str, shown: Shown = Shown.AUTO) -> Iterator[Advance]:
    """Yields what is told how much is expected and done of `what`, counted in `unit`."""
    console = Console(stderr=True)
    if shown is Shown.PLAIN:
        yield Advance(_lines(what, unit))
        return
    columns = (
        SpinnerColumn(),
        TextColumn(what),
        BarColumn(),
        _RateColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    quiet = shown is Shown.NONE or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(what, total=None)
        yield Advance(lambda to: progress.update(task, completed=to.done, total=to.total))


@contextmanager
def bar(what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """As `showing`, of `total` steps that may be small ones: yields what is told how many more
    are done."""
    with showing(what, unit) as advance:
        if total is not None:
            advance.expect(total)
        waiting, moved_at = 0, time.monotonic()

        def move(steps: int) -> None:
            nonlocal waiting, moved_at
            waiting += steps
            now = time.monotonic()
            if now - moved_at >= MOVED_EVERY_S:
                advance(waiting)
                waiting, moved_at = 0, now

        yield move
        advance(waiting)


def each(what: str, items: Iterable[T], total: int, unit: str) -> Iterator[T]:
    """The items, with a bar that says how many of them are done."""
    with bar(what, total, unit) as done:
        for item in items:
            yield item
            done(1)


def _lines(what: str, unit: str) -> Callable[[Advance], None]:
    said_at = time.monotonic()

    def say(to: Advance) -> None:
        nonlocal said_at
        now = time.monotonic()
        if now - said_at >= LINE_EVERY_S:
            said_at = now
            typer.echo(to.line(what, unit), err=True)

    return say
