"""`pledger audit index`: builds the index of positions, or follows the log with it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.audit_parts import ledger_to_prove
from cli.display import AsJson, print_json
from cli.progress import showing
from cli.system import Home


def audit_index(
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on as the log grows, until interrupted.")
    ] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Index where each partner's and customer's records stand, so that an audit need not scan.

    Goes on where it ended last. Nothing rests on the index: every record is read from the
    log by its position and proved, and its directory (audit-index below the ledger's home)
    may be deleted. What it has not seen yet, an audit reads from the log.

    Examples:

        pledger audit index

        pledger audit index --follow
    """
    found = ledger_to_prove(home)
    from audit.index import IndexUnusable, PositionIndex, index_directory
    from audit.index_building import extend, follow_log, left_to_read
    from audit.indexed_payout import kafka_evidence

    directory = index_directory(found.home)
    with kafka_evidence(found.broker) as source:
        try:
            index = PositionIndex(directory, source.log_id(), writable=True)
        except IndexUnusable as problem:
            typer.echo(f"error: {problem}", err=True)
            raise typer.Exit(2) from problem
        try:
            with showing("indexing", "records") as progress:
                progress.expect(left_to_read(index, source.snapshot()))
                read = extend(index, found.broker, source.snapshot, progress)
            ends = index.ends()
            if as_json:
                print_json({"directory": str(directory), "read": read, "ends": ends})
            else:
                total = sum(sum(by_partition.values()) for by_partition in ends.values())
                typer.echo(f"{read:,} records read, {total:,} indexed in {directory}")
            if follow:
                follow_log(index, found.broker, source.snapshot)
        finally:
            index.close()
