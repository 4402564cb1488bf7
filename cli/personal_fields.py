"""`pledger programs personal-fields`: what of a program's conversions is personal.

Marked fields are sealed, or a pseudonym stands in their place, before they are recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import program_of
from cli.audit_parts import proving
from cli.display import AsJson, By, say
from cli.ledger import decisions, directory
from cli.reading import BadOption
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from events.settings import Settings


def add_commands(app: typer.Typer) -> None:
    """Add `personal-fields` to the commands on programs."""
    app.command("personal-fields")(personal_fields)


def personal_fields(
    program: Annotated[str, typer.Argument(help="The program's id.")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(help="customer, identity, metadata.NAME; without any: show them."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Mark nothing from now on.")] = False,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Also if the program has conversions already."),
    ] = False,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say which fields of a program's conversions are personal, in place of those said before.

    `customer` and `identity` go together: what stands for them still compares as equal. They
    are marked before the first conversion: the customers recorded until then are others to
    the ledger, whose refunds and renewals no longer find their deals.

    Examples:

        pledger programs personal-fields acme customer identity metadata.email --by ann

        pledger programs personal-fields acme
    """
    if none and fields:
        raise BadOption("give fields, or --none")
    settings = settings_of(home)
    with directory(settings) as follower:
        program_of(follower.directory, program)
        before = follower.directory.personal_fields(program)
    if not fields and not none:
        _say(program, sorted(before), as_json)
        return
    wanted = set(fields or ())
    changes_customers = bool({"customer", "identity"} & wanted) != ("customer" in before)
    if changes_customers and not anyway and _has_conversions(settings, program, as_json):
        raise BadOption(
            f"{program} has conversions: their customers would be others from now on, and a "
            "refund of an older deal would match nothing; mark them in a new program, or "
            "here with --anyway"
        )
    with decisions(settings) as ledger:
        marked = ledger.mark_personal_fields(program, wanted, by=by)
    _say(program, marked, as_json)


def _has_conversions(settings: Settings, program: str, as_json: bool) -> bool:
    from audit.log import KafkaLog
    from audit.read import counted
    from events.topics import CONVERSIONS

    log, key = KafkaLog(settings.broker), f"{program}/".encode()
    with proving("reading the conversions", as_json) as progress:
        return any(
            (record.key or b"").startswith(key)
            for partition in range(log.partitions(CONVERSIONS))
            for record in counted(log.read(CONVERSIONS, partition), progress)
        )


def _say(program: str, fields: list[str], as_json: bool) -> None:
    said = f"marks as personal: {', '.join(fields)}" if fields else "marks nothing as personal"
    say(f"program {program} {said}", {"program": program, "fields": fields}, as_json=as_json)
