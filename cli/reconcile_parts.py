"""What the three reconciliations share: how they end, and how they say it.

Exit status: 0 all agrees, 1 something differs (it is printed), 2 it could not be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.documents.sheet import Cell, sheet
from cli.failures import in_words, is_expected
from cli.reading import BadOption

AsCsv = Annotated[bool, typer.Option("--csv", help="Print the differences as CSV.")]
Most = Annotated[int, typer.Option("--show", help="Differences shown; 0: all.", min=0)]

SHOWN = 20
"""Differences of a kind that a terminal is shown; JSON and CSV hold all."""


@contextmanager
def comparing() -> Iterator[None]:
    """What keeps a comparison from being made is said in words, with exit status 2."""
    try:
        yield
    except typer.Exit:
        raise
    except Exception as problem:
        if not is_expected(problem):
            raise
        typer.echo(f"error: {in_words(problem)}", err=True)
        raise typer.Exit(2) from problem


def one_form(as_json: bool, as_csv: bool) -> None:
    """Raises BadOption where both forms are asked for."""
    if as_json and as_csv:
        raise BadOption("give --csv or --json, not both")


def print_csv(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """The table as CSV on stdout."""
    typer.echo(sheet(header, rows), nl=False)


def end(is_equal: bool) -> None:
    """Exit status 1 unless both sides agree."""
    if not is_equal:
        raise typer.Exit(1)
