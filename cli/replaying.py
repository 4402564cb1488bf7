"""A verifying replay as a command runs it: found where it was interrupted, shown, ended."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from audit.decided import read_decisions
from audit.kept_parts import KeptParts
from audit.log import KafkaLog
from audit.parallel import open_replay, replay_ledger
from audit.replay import ReplayReport
from audit.scope import Scope
from cli.audit_parts import click_keys, ending
from cli.ledger import require_broker
from cli.progress import Shown, showing
from events.settings import Settings


def verified_replay(
    found: Settings,
    scope: Scope,
    *,
    fresh: bool,
    processes: int,
    patience: float,
    shown: Shown,
    as_json: bool,
) -> ReplayReport:
    """The report; ends the command with 2 where the log cannot be read or knows no such scope.

    `processes` 0: as many as processors. `patience`: seconds.
    """
    with ending(as_json):
        require_broker(found)
    with ending(as_json), showing("deciding again", "records", shown) as progress:
        if not scope.whole and not scope.names(read_decisions(KafkaLog(found.broker))):
            what = f"partner {scope.partner!r}" if scope.partner else f"program {scope.program!r}"
            lists = "partners" if scope.partner else "programs"
            typer.echo(
                f"error: {what} is not in the log; `pledger {lists} list` shows those that are",
                err=True,
            )
            raise typer.Exit(2)
        keys = click_keys(found)
        kept = open_replay(found.home, found.broker, keys, scope, fresh=fresh)
        if kept.resumed:
            typer.echo(_going_on(kept), err=True)
        return replay_ledger(
            found.broker,
            keys,
            kept=kept,
            processes=processes or None,
            patience=patience,
            progress=progress,
            expect=progress.expect,
        )


def _going_on(kept: KeptParts) -> str:
    began = datetime.fromtimestamp(kept.began / 1000, UTC)
    return (
        f"going on with the replay of {began:%Y-%m-%d %H:%M:%S} UTC: {kept.count()} parts of it "
        "are finished. It reads to where the log ended then; --fresh starts anew"
    )
