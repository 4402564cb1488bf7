"""`pledger agreements`: what a program and its partners promise each other, in versions.

From a program's first agreement on, a partner that has accepted no version earns nothing;
its clicks are kept, and its deals can be given to it later by a person.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import agreement_of, program_of
from cli.display import AsJson, By, Column, print_json, say, show, text
from cli.ledger import decisions, directory
from cli.reading import BadOption, iso, moment
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from projections.views import AcceptanceView

app = typer.Typer(no_args_is_help=True, help="Agreements: published in versions, accepted by name.")

Program = Annotated[str, typer.Argument(help="The program's id.")]
SHOWN_HASH = 12
"""Characters of a hash in a table; all of it stands in the JSON."""


@app.command()
def publish(
    program: Program,
    file: Annotated[
        Path, typer.Option("--file", help="The text, UTF-8.", exists=True, dir_okay=False)
    ],
    title: Annotated[str, typer.Option(help="As people read it.")],
    terms: Annotated[int, typer.Option(min=0, help="Version of the terms it shows; 0: none.")] = 0,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Publish a version of the program's agreement. Partners earn once they accepted one.

    Example:

        pledger agreements publish acme --title "Partner agreement" --file agreement.txt --terms 1
    """
    content = _text(file)
    with decisions(settings_of(home)) as ledger:
        version = ledger.publish_agreement(program, title, content, terms, by=by)
    digest = sha256(content)
    say(
        f"agreement {version} of {program} published, sha256 {digest}",
        {"program": program, "version": version, "title": title, "terms": terms, "sha256": digest},
        as_json=as_json,
    )


@app.command("list")
def list_agreements(
    program: Program,
    accepted: Annotated[
        bool, typer.Option("--accepted", help="Who accepted what, instead of the versions.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of a program's agreement, or who accepted one.

    Examples:

        pledger agreements list acme

        pledger agreements list acme --accepted
    """
    with directory(settings_of(home)) as follower:
        known = follower.directory
        program_of(known, program)
        versions, acceptances = known.agreements(program), known.acceptances(program)
    if accepted:
        _show_acceptances(program, acceptances, as_json)
        return
    rows = [
        {
            "version": view.version,
            "title": view.title,
            "terms": view.terms,
            "sha256": view.sha256,
            "published": iso(view.published_at),
            "accepted_by": sum(found.version == view.version for found in acceptances),
        }
        for view in versions
    ]
    columns = [
        text("version", "version"),
        text("title", "title"),
        Column("terms", lambda row: str(row["terms"] or "")),
        text("published", "published"),
        text("accepted by", "accepted_by"),
        Column("sha256", lambda row: str(row["sha256"])[:SHOWN_HASH]),
    ]
    show(rows, columns, as_json=as_json, empty=f"program {program} has no agreement: all may earn")


@app.command("show")
def show_agreement(
    program: Program,
    version: Annotated[int, typer.Option(min=0, help="Default: the newest.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print an agreement as it was published, and the hash that whoever accepts it names.

    Example:

        pledger agreements show acme --version 1
    """
    with directory(settings_of(home)) as follower:
        view = agreement_of(follower.directory, program, version)
    if as_json:
        print_json({**_plain(view), "published": iso(view.published_at)})
        return
    terms = f", with terms {view.terms}" if view.terms else ""
    typer.echo(f"{view.title} (version {view.version} of {program}{terms})")
    typer.echo("")
    typer.echo(view.text.rstrip("\n"))
    typer.echo("")
    typer.echo(f"sha256 {view.sha256}")


@app.command()
def accept(
    program: Program,
    partner: Annotated[str, typer.Argument(help="The partner's id.")],
    person: Annotated[str, typer.Option(help="Name of the person who accepts.")],
    digest: Annotated[
        str, typer.Option("--sha256", help="Of what was shown, as `agreements show` says it.")
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", help="What was shown, instead.", exists=True, dir_okay=False),
    ] = None,
    version: Annotated[int, typer.Option(min=0, help="Default: the newest.")] = 0,
    at: Annotated[str, typer.Option(help="When it was accepted, ISO 8601; default: now.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that a named person accepted a version for a partner.

    The hash ties the acceptance to the very text that was shown; another text is refused.

    Examples:

        pledger agreements accept acme jane --person "Jane Doe" --sha256 5f2c…

        pledger agreements accept acme jane --person "Jane Doe" --file signed.txt --version 1
    """
    if bool(digest) == (file is not None):
        raise BadOption("give what was shown: --sha256 (see `pledger agreements show`) or --file")
    shown = digest.strip().lower() if file is None else sha256(_text(file))
    accepted_at = moment("--at", at) if at else time.time_ns() // 1_000_000
    settings = settings_of(home)
    with directory(settings) as follower:
        view = agreement_of(follower.directory, program, version)
    if shown != view.sha256:
        raise BadOption(
            f"what was shown has sha256 {shown}, but version {view.version} of {program} has "
            f"{view.sha256}; show it again: pledger agreements show {program} "
            f"--version {view.version}"
        )
    with decisions(settings) as ledger:
        ledger.accept_agreement(partner, program, view.version, shown, person, accepted_at, by=by)
    say(
        f"{person} accepted agreement {view.version} of {program} for partner {partner}",
        {
            "program": program,
            "partner": partner,
            "version": view.version,
            "sha256": shown,
            "person": person,
            "accepted_at": iso(accepted_at),
        },
        as_json=as_json,
    )


def sha256(content: str) -> str:
    """Of the text's UTF-8 bytes, in hex."""
    return hashlib.sha256(content.encode()).hexdigest()


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()  # every byte counts: no newline is translated
    except UnicodeDecodeError as problem:
        raise BadOption(f"{file}: {problem}; expected UTF-8") from problem


def _show_acceptances(program: str, acceptances: Sequence[AcceptanceView], as_json: bool) -> None:
    rows = [{**_plain(found), "accepted": iso(found.accepted_at)} for found in acceptances]
    columns = [
        text("partner", "partner"),
        text("version", "version"),
        text("person", "person"),
        text("accepted", "accepted"),
        Column("sha256", lambda row: str(row["sha256"])[:SHOWN_HASH]),
    ]
    show(rows, columns, as_json=as_json, empty=f"nobody has accepted an agreement of {program}")


def _plain(view: object) -> dict[str, object]:
    import msgspec

    found: dict[str, object] = msgspec.to_builtins(view)
    return found
