"""`pledger verify --against`: this ledger's history up to a checkpoint that somebody kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from cli.display import print_json
from cli.ledger import require_broker
from cli.progress import showing
from cli.proofs import print_difference
from cli.signing import ledger_id
from cli.system import settings_of

if TYPE_CHECKING:
    from audit.against import Compared

STDIN = "-"


def verify_against(checkpoint: str, *, key: str, as_json: bool, home: Path | None) -> None:
    """Hold the kept `checkpoint` (a file, or - for stdin) against the ledger, and print how it
    went. Exits with 1 for a difference, with 2 where it could not be done."""
    from confluent_kafka import KafkaException

    from audit.against import Sizes, compare
    from audit.log import KafkaLog
    from audit.notes import BadNote, parse_note
    from audit.signing import BadKey, parse_vkey
    from audit.tree_pool import mark_trees
    from audit.trees import Marks
    from cli.failures import in_words, is_expected
    from events.log import LogError

    settings = settings_of(home)
    try:
        note = parse_note(_read(checkpoint))
        known = parse_vkey(key) if key else None
        require_broker(settings)
        ledger = ledger_id(settings)
        log = KafkaLog(settings.broker)
        total = sum(tree.size for tree in note.trees.values()) + log.ends("decisions")[0]
        with showing("hashing the log", "records") as progress:
            progress.expect(total)

            def mark(sizes: Sizes) -> dict[str, Marks]:
                return mark_trees(settings.broker, sizes, progress)

            found = compare(log, ledger, note, known, mark=mark, progress=progress)
    except (BadNote, BadKey) as problem:
        raise _not_verified(f"{checkpoint}: {problem}") from problem
    except (LogError, KafkaException) as problem:
        raise _not_verified(in_words(problem)) from problem
    except Exception as problem:
        if not is_expected(problem):
            raise
        raise _not_verified(in_words(problem)) from problem
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _say(found)
    if not found.verified:
        raise typer.Exit(1)


def _read(checkpoint: str) -> str:
    """The text of the kept note; what is no text says so as a note that cannot be read."""
    raw = sys.stdin.buffer.read() if checkpoint == STDIN else Path(checkpoint).read_bytes()
    return raw.decode(errors="replace")


def _say(found: Compared) -> None:
    for difference in found.differences:
        print_difference(difference)
    if not found.verified:
        return
    chain = " → ".join(found.keys)
    typer.echo(f"checkpoint {found.checkpoint} of ledger {found.ledger}, signed by {found.key}")
    typer.echo(
        f"  the {found.records:,} records it covers are in the log, unchanged: {found.trees} trees "
        f"hashed again in {found.seconds:g} s"
    )
    typer.echo(f"  the ledger has it as number {found.checkpoint} of {found.newest}")
    typer.echo(f"  keys, each vouched for by the one before: {chain}")
    typer.echo("verified")


def _not_verified(problem: str) -> typer.Exit:
    typer.echo(f"error: {problem}", err=True)
    return typer.Exit(2)
