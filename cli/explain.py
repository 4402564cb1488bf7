"""`pledger explain`: why this partner, why this amount, why nothing; with the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from audit.log import KafkaLog
from cli.audit_parts import ledger_to_prove, proving
from cli.display import AsJson, print_json
from cli.ledger import directory
from cli.revealing import recorded_customer, revealed
from cli.system import Home
from events.settings import Settings

if TYPE_CHECKING:
    from audit.explain import Explanation


def explain(
    subject: Annotated[
        str,
        typer.Argument(
            help="A position (conversions/3/17, journal/2/5), a deal or event id "
            "(alone, or as program/customer/id), or a partner.",
            metavar="CONVERSION|ENTRY|PARTNER",
        ),
    ],
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say in plain sentences why the ledger says what it says.

    What is explained is decided again from the log; every sentence names the records it
    rests on. Exit status: 0; 1 when the log says otherwise than what follows from it; 2 when it
    could not be read, or knows no such subject.

    Examples:

        pledger explain D-1042

        pledger explain journal/2/5

        pledger explain jane --json
    """
    from audit.explain import UnknownSubject
    from audit.explain import explain as explain_subject

    settings = ledger_to_prove(home)
    subject = _as_recorded(settings, subject)
    with proving("reading the log", as_json, UnknownSubject) as progress:
        found = explain_subject(KafkaLog(settings.broker), subject, progress=progress)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _print(found)
    if not found.verified:
        raise typer.Exit(1)


def _as_recorded(settings: Settings, subject: str) -> str:
    """`program/customer/id` with what stands for the customer, where the program marks it."""
    from audit.explain.finding import POSITION

    program, _, rest = subject.partition("/")
    customer, slash, name = rest.rpartition("/")
    if not slash or POSITION.fullmatch(subject):
        return subject
    with directory(settings) as follower:
        marked = follower.directory.personal_fields(program)
        secret = follower.directory.pseudonyms_under(program)
    return f"{program}/{recorded_customer(settings, marked, secret, program, customer)}/{name}"


def _print(found: Explanation) -> None:
    for sentence in found.sentences:
        typer.echo(revealed(sentence.text))
        if sentence.evidence:
            typer.echo("    " + "  ".join(sentence.evidence))
