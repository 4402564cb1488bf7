"""`pledger forget`: destroy the key of a subject's personal data, and record that it was done.

Nothing of the log changes: chains, proofs, balances and replay stand as before, and what was
sealed reads `[erased]` from then on, in every copy of the log.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.audit_parts import proving
from cli.display import AsJson, By, print_json, show, text
from cli.ledger import decisions, directory, require_broker
from cli.money import shown
from cli.reading import BadOption, iso
from cli.revealing import vault_of
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from aggregates.application import Decisions
    from aggregates.subject import Named
    from events.settings import Settings

SHOWN = 20
"""Positions that are listed for people; the JSON has all."""
IN_PLAIN = 1
NOT_DONE = 2
"""Exit status."""


def forget(
    subject: Annotated[
        str,
        typer.Argument(
            help="partner:ID, customer:PROGRAM/ID, registration:ID or program:ID; - reads stdin.",
            metavar="SUBJECT",
        ),
    ] = "",
    reason: Annotated[str, typer.Option(help="Kept with the decision.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also a partner that is owed money.")
    ] = False,
    search: Annotated[
        bool,
        typer.Option(help="Look through the whole log for what stands there in plain."),
    ] = True,
    listed: Annotated[bool, typer.Option("--list", help="List who was forgotten.")] = False,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Forget a subject: what is sealed of it can be read by nobody any longer.

    There is no way back. A customer goes with its registrations. Of a program, the secret of
    its customers' pseudonyms is destroyed: nobody can tell any longer whose a pseudonym is,
    and it takes no conversions from then on.

    Exit status: 0; 1 when records hold some of it in plain, which cannot be erased (they are
    listed); 2 when it was not done.

    Examples:

        pledger forget partner:jane --reason "asked for it" --by ann

        echo "customer:acme/ben@example.com" | pledger forget - --by ann

        pledger forget --list
    """
    settings = settings_of(home)
    if listed:
        _list(settings, as_json)
        return
    given = typer.get_text_stream("stdin").readline().strip() if subject == "-" else subject
    if not given:
        raise BadOption("name a subject: partner:ID, customer:PROGRAM/ID, registration:ID")
    with decisions(settings) as ledger:
        found = ledger.standing_for(given)
        owed = _owed(settings, found)
        if owed and not anyway:
            typer.echo(
                f"error: {found.id} is owed {', '.join(owed)}, and could not be paid once its "
                "payment details are erased; pay it, or forget it with --anyway",
                err=True,
            )
            raise typer.Exit(NOT_DONE)
        # 1. What its records say, while they can be read; 2. the key; 3. what is left in plain.
        texts, unread = (
            _texts(settings, ledger, found, given, as_json) if search else (set[str](), False)
        )
        done = ledger.forget(given, reason, by)
        places = _places(settings, texts, as_json) if search else []
    answer: dict[str, Any] = {"forgotten": done, "reason": reason, "owed": owed}
    if as_json:
        print_json({**answer, "searched": search, "unread": unread, "in_plain": places})
    else:
        _tell(done, places, searched=search, unread=unread)
    if places:
        raise typer.Exit(IN_PLAIN)


def _owed(settings: Settings, found: Named) -> list[str]:
    """What the partner is still to be paid, or what is on its way, by program and unit."""
    if found.kind != "partner":
        return []
    from streams.statement_reading import Covered, read_account

    now = time.time_ns() // 1_000_000
    account = read_account(settings.broker, found.id, Covered())
    said = []
    for program in account.programs:
        for section in account.statement(program, now).sections:
            owed = section.closing.payable + section.closing.in_transit
            if owed > 0:
                said.append(f"{shown(owed, section.unit)} by {program}")
    return said


def _texts(
    settings: Settings, ledger: Decisions, found: Named, given: str, as_json: bool
) -> tuple[set[str], bool]:
    """What is personal of the subject, and whether some of it was erased before, so that it
    cannot be looked for."""
    from audit.log import KafkaLog
    from audit.plain_text import texts_of
    from events.sealing import ERASED

    named = given.partition(":")[2].partition("/")[2] if found.kind == "customer" else found.id
    assert ledger.vault is not None
    vault, erased = ledger.vault, []

    def reveal(text: str) -> str:
        said = vault.reveal(text)
        if said == ERASED:
            erased.append(text)
        return said

    with proving("reading what is known", as_json) as progress:
        texts = texts_of(KafkaLog(settings.broker), found, named, reveal, progress)
    return texts, bool(erased)


def _places(settings: Settings, texts: set[str], as_json: bool) -> list[str]:
    from audit.log import KafkaLog
    from audit.plain_text import plain_positions

    with proving("looking for it in plain", as_json) as progress:
        return [str(one) for one in plain_positions(KafkaLog(settings.broker), texts, progress)]


def _tell(done: list[str], places: list[str], *, searched: bool, unread: bool) -> None:
    typer.echo(f"forgotten: {', '.join(done)}; its key is destroyed")
    if not searched:
        typer.echo("the log was not searched for what stands there in plain (--no-search)")
        return
    if unread:
        typer.echo(
            "some of it was erased before and can be read no longer, so it could not be looked "
            "for; the first `pledger forget` listed where it stands"
        )
    if not places:
        if not unread:
            typer.echo("no record holds any of it in plain")
    else:
        some = f", the first {SHOWN} of them" if len(places) > SHOWN else ""
        typer.echo(
            f"{len(places):,} records hold some of it in plain, and cannot be changed{some}:"
        )
        for place in places[:SHOWN]:
            typer.echo(f"  {place}")


def _list(settings: Settings, as_json: bool) -> None:
    require_broker(settings)
    vault = vault_of(settings)
    with directory(settings) as follower:
        found = follower.directory.forgotten()
    rows = [
        {
            "subject": one.subject,
            "forgotten": iso(one.recorded_at),
            "by": one.by,
            "reason": one.reason,
            "decision": one.position,
            # A vault brought back from a backup holds again what was destroyed since.
            "key": "back" if 0 < vault.made_at(one.subject) < one.recorded_at else "destroyed",
        }
        for one in found
    ]
    columns = [text(name, name) for name in ("subject", "forgotten", "by", "reason", "key")]
    show(rows, columns, as_json=as_json, empty="nobody was forgotten")
    if any(row["key"] == "back" for row in rows):
        typer.echo("where the key is back, forget the subject again", err=True)
        raise typer.Exit(IN_PLAIN)
