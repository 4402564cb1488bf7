"""`pledger links`: a partner's way of sending people, one for every channel."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, By, Column, say, show, text
from cli.ledger import decisions, directory
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Links that partners share.")


@app.command()
def add(
    link: Annotated[str, typer.Argument(help="The link's name, as in /c/NAME.")],
    program: Annotated[str, typer.Option(help="The program's id.")],
    partner: Annotated[str, typer.Option(help="The partner's id.")],
    destination: Annotated[str, typer.Option(help="The one URL it leads to.")],
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Create a link.

    Example:

        pledger links add jane-blog --program acme --partner jane --destination https://acme.test/
    """
    settings = settings_of(home)
    with decisions(settings) as ledger:
        ledger.create_link(link, program, partner, destination, by=by)
    url = f"{settings.gateway}/c/{link}"
    answer = {"link": link, "program": program, "partner": partner, "destination": destination}
    say(f"link {link} created: {url} → {destination}", {**answer, "url": url}, as_json=as_json)


@app.command()
def disable(
    link: Annotated[str, typer.Argument(help="The link's name.")],
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Disable a link: its clicks are kept, as invalid.

    Example:

        pledger links disable jane-blog
    """
    with decisions(settings_of(home)) as ledger:
        ledger.disable_link(link, by=by)
    say(f"link {link} disabled", {"link": link, "active": False}, as_json=as_json)


@app.command("list")
def list_links(
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    partner: Annotated[str, typer.Option(help="Only those of one partner.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List links.

    Example:

        pledger links list --program acme
    """
    settings = settings_of(home)
    with directory(settings) as follower:
        rows = [
            {
                "link": view.link,
                "program": view.program,
                "partner": view.partner,
                "destination": view.destination,
                "active": view.active,
                "url": f"{settings.gateway}/c/{view.link}",
            }
            for view in follower.directory.links()
            if program in {"", view.program} and partner in {"", view.partner}
        ]
    columns = [
        text("link", "link"),
        text("program", "program"),
        text("partner", "partner"),
        Column("status", lambda row: "active" if row["active"] else "disabled"),
        text("destination", "destination"),
    ]
    show(rows, columns, as_json=as_json, empty="no links; create one: pledger links add")
