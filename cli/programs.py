"""`pledger programs`: the companies that pay partners."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, By, Column, say, show, text
from cli.ledger import decisions, directory
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Programs: the companies that pay partners.")

Program = Annotated[str, typer.Argument(help="The program's id.")]


@app.command()
def add(
    program: Program,
    name: Annotated[str, typer.Option(help="As people read it; default: the id.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "USD",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Create a program. It pays nothing before it has terms: see `pledger terms add`.

    Example:

        pledger programs add acme --name "Acme Ltd" --currency GBP
    """
    with decisions(settings_of(home)) as ledger:
        ledger.create_program(program, name or program, currency.upper(), by=by)
    say(
        f"program {program} created",
        {"program": program, "name": name or program, "currency": currency.upper()},
        as_json=as_json,
    )


@app.command("list")
def list_programs(home: Home = None, as_json: AsJson = False) -> None:
    """List all programs.

    Example:

        pledger programs list
    """
    with directory(settings_of(home)) as follower:
        rows = [
            {
                "program": view.program,
                "name": view.name,
                "currency": view.currency,
                "active": view.active,
                "terms": len(follower.directory.terms_versions(view.program)),
            }
            for view in follower.directory.programs()
        ]
    columns = [
        text("program", "program"),
        text("name", "name"),
        text("currency", "currency"),
        Column("status", lambda row: "active" if row["active"] else "paused"),
        text("versions of terms", "terms"),
    ]
    show(rows, columns, as_json=as_json, empty="no programs yet; create one: pledger programs add")


@app.command()
def pause(program: Program, by: By = "", home: Home = None, as_json: AsJson = False) -> None:
    """Stop crediting new conversions; what was earned stays.

    Example:

        pledger programs pause acme --by ann
    """
    with decisions(settings_of(home)) as ledger:
        ledger.pause_program(program, by=by)
    say(f"program {program} paused", {"program": program, "active": False}, as_json=as_json)


@app.command()
def resume(program: Program, by: By = "", home: Home = None, as_json: AsJson = False) -> None:
    """Credit conversions again, from now on.

    Example:

        pledger programs resume acme --by ann
    """
    with decisions(settings_of(home)) as ledger:
        ledger.resume_program(program, by=by)
    say(f"program {program} resumed", {"program": program, "active": True}, as_json=as_json)
