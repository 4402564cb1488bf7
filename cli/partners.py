"""`pledger partners`: who brings customers, and where they stand with each program."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, By, Column, say, show, text
from cli.ledger import decisions, directory
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Partners, and where they stand with programs.")

Partner = Annotated[str, typer.Argument(help="The partner's id.")]
Program = Annotated[str, typer.Argument(help="The program's id.")]


@app.command()
def add(
    partner: Partner,
    name: Annotated[str, typer.Option(help="As people read it; default: the id.")] = "",
    program: Annotated[
        list[str] | None, typer.Option("--program", help="Apply to it and approve, at once.")
    ] = None,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Register a partner.

    Examples:

        pledger partners add jane --name "Jane Doe"

        pledger partners add jane --program acme --program globex
    """
    with decisions(settings_of(home)) as ledger:
        ledger.register_partner(partner, name or partner, by=by)
        for joined in program or ():
            ledger.apply(partner, joined, by=by)
            ledger.approve(partner, joined, by=by)
    joined_all = f", approved by {', '.join(program)}" if program else ""
    say(
        f"partner {partner} registered{joined_all}",
        {"partner": partner, "name": name or partner, "approved_by": program or []},
        as_json=as_json,
    )


@app.command()
def apply(
    partner: Partner, program: Program, by: By = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Apply to a program on a partner's behalf.

    Example:

        pledger partners apply jane acme
    """
    with decisions(settings_of(home)) as ledger:
        ledger.apply(partner, program, by=by)
    _say(f"partner {partner} applied to {program}", partner, program, "applied", as_json)


@app.command()
def approve(
    partner: Partner, program: Program, by: By = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Approve a partner, who earns from now on.

    Example:

        pledger partners approve jane acme --by ann
    """
    with decisions(settings_of(home)) as ledger:
        ledger.approve(partner, program, by=by)
    _say(f"partner {partner} approved by {program}", partner, program, "approved", as_json)


@app.command()
def suspend(
    partner: Partner,
    program: Program,
    reason: Annotated[str, typer.Option(help="Kept with the decision.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Suspend a partner: new conversions earn nothing; what was earned stays.

    Example:

        pledger partners suspend jane acme --by ann
    """
    with decisions(settings_of(home)) as ledger:
        ledger.suspend(partner, program, reason, by=by)
    _say(f"partner {partner} suspended by {program}", partner, program, "suspended", as_json)


@app.command("list")
def list_partners(
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List partners and where they stand.

    Example:

        pledger partners list --program acme
    """
    with directory(settings_of(home)) as follower:
        rows = [
            {"partner": view.partner, "name": view.name, "programs": dict(view.programs)}
            for view in follower.directory.partners()
            if not program or program in view.programs
        ]
    columns = [
        text("partner", "partner"),
        text("name", "name"),
        Column(
            "programs",
            lambda row: ", ".join(f"{name}: {where}" for name, where in row["programs"].items()),
        ),
    ]
    show(rows, columns, as_json=as_json, empty="no partners; add one: pledger partners add")


def _say(sentence: str, partner: str, program: str, status: str, as_json: bool) -> None:
    answer = {"partner": partner, "program": program, "status": status}
    say(sentence, answer, as_json=as_json)
