"""`pledger audit state`: what the workers keep on disk, held against the log.

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be audited.
"""

from __future__ import annotations

import msgspec
import typer

from cli.audit_parts import ledger_to_prove, proving
from cli.display import AsJson, print_json
from cli.proofs import print_difference
from cli.system import Home


def audit_state(as_json: AsJson = False, home: Home = None) -> None:
    """Prove that the state in RocksDB below the ledger's home is what the log gives.

    State is a cache of the log. Altered, it leads to wrong entries, which `pledger replay
    --verify` names; this names the state itself: worker, processor, partition and key. To mend
    it, stop the worker and delete the directory that is named: it comes back from the log.

    Stop the workers before, or they may tidy away what is being read.

    Examples:

        pledger audit state

        pledger audit state --home /var/lib/pledger --json
    """
    found = ledger_to_prove(home)
    from audit.log import KafkaLog
    from audit.state.on_disk import OUTPUT, state_directories
    from audit.state.prove import prove_state
    from events.log.identity import log_identity

    if not state_directories(found.state):
        typer.echo(
            f"error: no worker has kept state in {found.state}; it is on the workers' own machines",
            err=True,
        )
        raise typer.Exit(2)
    with proving("reading the log", as_json) as progress:
        identities = {
            (topic, output): log_identity(found.broker, topic, output)
            for (_, topic), output in OUTPUT.items()
        }
        report = prove_state(KafkaLog(found.broker), identities, found.state, progress)
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        for difference in report.differences:
            print_difference(difference)
        typer.echo(
            f"{report.keys:,} keys of {report.directories} partitions' state in {found.state}"
        )
        if report.verified:
            typer.echo("verified")
    if not report.verified:
        raise typer.Exit(1)
