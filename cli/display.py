"""Answers as tables for people, or as JSON with the same facts for programs.

JSON holds amounts as integer minor units beside their unit, and times as ISO 8601 UTC; the
tables show money with its currency. Both go to stdout; progress and errors to stderr.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import typer

from cli.deciding import note_decider
from cli.money import shown
from cli.revealing import revealed, revealed_all

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="PLEDGER_BY",
        help="Who decides; kept with the decision.",
        callback=note_decider,
    ),
]

Row = Mapping[str, Any]
PIPE_WIDTH = 200
"""Columns of a table that goes to a file or a pipe, where nobody has a window."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, and the cell of a row."""

    title: str
    cell: Callable[[Row], str]
    right: bool = False


def text(title: str, key: str) -> Column:
    return Column(title, lambda row: "" if row[key] is None else str(row[key]))


def count(title: str, key: str) -> Column:
    return Column(title, lambda row: f"{row[key]:,}", right=True)


def money(title: str, key: str, unit: str = "unit") -> Column:
    """Minor units under `key`, in the unit under `unit`."""
    return Column(title, lambda row: shown(int(row[key]), str(row[unit])), right=True)


def show(rows: Sequence[Row], columns: Sequence[Column], *, as_json: bool, empty: str) -> None:
    """Print rows as a table, or as a JSON array of all they hold; `empty` when there are none."""
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo(empty)
    else:
        print_table(rows, columns)


def print_table(rows: Sequence[Row], columns: Sequence[Column], *, title: str = "") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left")
    for row in rows:
        # Text, not str: what people typed must not be read as markup.
        table.add_row(*(Text(revealed(column.cell(row))) for column in columns))
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def print_json(answer: object) -> None:
    typer.echo(
        json.dumps(
            revealed_all(_finite(answer)),
            default=lambda value: revealed_all(_plain(value)),
            indent=1,
            ensure_ascii=False,
            allow_nan=False,
        )
    )


def _finite(value: Any) -> Any:
    """`value` with null for NaN and infinities, which JSON does not have (0/0 in a query)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


def say(sentence: str, answer: Mapping[str, object], *, as_json: bool) -> None:
    """Tell what a command did: a sentence, or its facts as JSON."""
    if as_json:
        print_json(answer)
    else:
        typer.echo(revealed(sentence))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        at = value.isoformat(timespec="milliseconds")
        return at.replace("+00:00", "Z") if value.tzinfo else at + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if hasattr(value, "__struct_fields__"):
        import msgspec

        return msgspec.to_builtins(value)
    return str(value)
