"""A statement in a terminal: balances, a table of entries for each unit, the chain."""

from __future__ import annotations

from typing import Any

import typer

from cli.display import Column, print_table
from cli.documents.statement import StatementOf
from cli.documents.words import about, at_the_close, details
from cli.money import shown
from cli.reading import iso


def print_statement(of: StatementOf) -> None:
    """A statement for a terminal, a table for each unit."""
    made = of.made
    typer.echo(f"Statement of {made.partner} in {made.program}, {of.when}")
    columns, nothing = COLUMNS, NOTHING
    if of.known:
        columns, nothing = [HAPPENED, *COLUMNS], [HAPPENED, *NOTHING]
    for section in made.sections:
        unit = section.unit
        typer.echo(f"  opening  {shown(section.opening.payable, unit):>18}")
        rows = [{"line": line, "unit": unit} for line in section.lines]
        if rows:
            print_table(rows, columns)
        typer.echo(f"  closing  {shown(section.closing.payable, unit):>18}")
        typer.echo(f"           {at_the_close(section.closing, unit)}")
    if made.without_effect:
        print_table([{"line": line, "unit": ""} for line in made.without_effect], nothing)
    if not made.entries:
        typer.echo("  no entries in this time")
    for name, head in (("opening", made.opening_head), ("closing", made.closing_head)):
        if head.position:
            typer.echo(f"  chain    {name} {head.position}, sha256 {head.sha256}")


def _column(title: str, field: str) -> Column:
    return Column(title, lambda row: str(getattr(row["line"], field)))


def _about(row: Any) -> str:
    return about(row["line"])


def _details(row: Any) -> str:
    return "; ".join(details(row["line"], row["unit"]))


def _money(title: str, field: str) -> Column:
    """Empty where nothing moved."""

    def cell(row: Any) -> str:
        amount = getattr(row["line"], field)
        return shown(amount, row["unit"]) if amount or field == "balance" else ""

    return Column(title, cell, right=True)


HAPPENED = Column("happened", lambda row: iso(row["line"].effective))
BOOKED = [
    Column("booked", lambda row: iso(row["line"].at)),
    _column("what", "kind"),
    Column("for", _about),
]
COLUMNS = [
    *BOOKED,
    Column("rule", lambda row: ", ".join(row["line"].rules)),
    _money("amount", "amount"),
    _money("balance", "balance"),
    _column("entry", "position"),
    Column("note", _details),
]
NOTHING = [*BOOKED, _column("entry", "position"), Column("why", _details)]
