"""`pledger coupons`: codes that credit their partner without a click."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, By, Column, say, show, text
from cli.ledger import decisions, directory
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Coupon codes of partners.")

Code = Annotated[str, typer.Argument(help="The code; upper and lower case are the same.")]
Program = Annotated[str, typer.Option(help="The program's id.")]


@app.command()
def add(
    code: Code,
    program: Program,
    partner: Annotated[str, typer.Option(help="The partner's id.")],
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Create a coupon.

    Example:

        pledger coupons add JANE10 --program acme --partner jane
    """
    with decisions(settings_of(home)) as ledger:
        ledger.create_coupon(program, code, partner, by=by)
    answer = {"program": program, "code": code.upper(), "partner": partner}
    say(f"coupon {code.upper()} of {partner} created in {program}", answer, as_json=as_json)


@app.command()
def retire(
    code: Code, program: Program, by: By = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Retire a coupon: it credits nobody from now on.

    Example:

        pledger coupons retire JANE10 --program acme
    """
    with decisions(settings_of(home)) as ledger:
        ledger.retire_coupon(program, code, by=by)
    answer = {"program": program, "code": code.upper(), "active": False}
    say(f"coupon {code.upper()} of {program} retired", answer, as_json=as_json)


@app.command("list")
def list_coupons(
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List coupons.

    Example:

        pledger coupons list --program acme
    """
    with directory(settings_of(home)) as follower:
        rows = [
            {
                "program": view.program,
                "code": view.code,
                "partner": view.partner,
                "active": view.active,
            }
            for view in follower.directory.coupons()
            if program in {"", view.program}
        ]
    columns = [
        text("program", "program"),
        text("code", "code"),
        text("partner", "partner"),
        Column("status", lambda row: "active" if row["active"] else "retired"),
    ]
    show(rows, columns, as_json=as_json, empty="no coupons; create one: pledger coupons add")
