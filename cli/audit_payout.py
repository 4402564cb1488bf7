"""`pledger audit payout`: a payout proved, by an index of positions where there is one.

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be audited.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from audit.log import DEFAULT_PATIENCE_S
from cli.audit_parts import Patience, click_keys, ledger_to_prove, proving
from cli.display import AsJson, print_json
from cli.system import Home

if TYPE_CHECKING:
    from audit.indexed_payout import HowProved
    from audit.payout_proof import PayoutProof
    from events.settings import Settings

SHOWN_ENTRIES = 20


class Entries(StrEnum):
    """Which of the entries before a payout are printed."""

    some = "some"
    all = "all"


def audit_payout(
    payout: Annotated[str, typer.Argument(help="The payout's id.")],
    as_json: AsJson = False,
    scan: Annotated[
        bool,
        typer.Option(
            "--scan", help="Read the whole log, also where there is an index; proves more."
        ),
    ] = False,
    entries: Annotated[
        Entries, typer.Option("--entries", help=f"Print {SHOWN_ENTRIES} of the entries, or all.")
    ] = Entries.some,
    full: Annotated[bool, typer.Option("--full", hidden=True)] = False,
    to: Annotated[
        Path | None,
        typer.Option("--export", help="Write a bundle that `pledger verify` checks anywhere."),
    ] = None,
    for_partner: Annotated[
        bool, typer.Option("--for-partner", help="Withhold from the bundle what names others.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a report for people: .html or .pdf.")
    ] = None,
    patience: Patience = DEFAULT_PATIENCE_S,
    home: Home = None,
) -> None:
    """Walk from a payout back to the clicks and terms behind it, deciding each step again.

    Reads the log alone: the warehouse may be down, deleted or wrong. Where `pledger audit
    index` has built an index of positions, it says where the partner's records stand, and
    only those are read; each is proved all the same. Without one the whole log is read.

    Examples:

        pledger audit payout po-2026-11-jane

        pledger audit payout po-2026-11-jane --scan --entries all

        pledger audit payout po-2026-11-jane --json | jq .proof.amount

        pledger audit payout po-2026-11-jane --export proof.zip --for-partner --report proof.pdf
    """
    found = ledger_to_prove(home)
    if to is not None or for_partner or report is not None:
        from cli.bundles import export_bundle

        export_bundle(
            found, payout, to,
            for_partner=for_partner, report=report, patience=patience, as_json=as_json,
        )  # fmt: skip
        return
    from audit.payout import UnknownPayout

    with proving("reading the log", as_json, UnknownPayout) as progress:
        proof, how = _prove(found, payout, scan, patience, progress)
    if as_json:
        facts = {"verified": True, "proof": proof, "how": how}
        print_json(msgspec.to_builtins(facts))
        return
    from rich.console import Console

    from cli.proofs import payout_tree

    every = full or entries is Entries.all
    Console().print(payout_tree(proof, None if every else SHOWN_ENTRIES, how))
    for line in _notes(how):
        typer.echo(line)
    typer.echo("verified")


def _prove(
    found: Settings, payout: str, scan: bool, patience: float, progress: Callable[[int], None]
) -> tuple[PayoutProof, HowProved]:
    from audit.index import IndexUnusable, index_directory
    from audit.index_building import open_for_audit
    from audit.indexed_payout import HowProved, kafka_evidence, prove_indexed_payout
    from audit.log import KafkaLog
    from audit.payout import prove_payout

    log, keys = KafkaLog(found.broker), click_keys(found)
    directory = index_directory(found.home)
    why = ""
    if not scan and directory.exists():
        with kafka_evidence(found.broker) as source:
            try:
                index = open_for_audit(
                    directory, source.log_id(), found.broker, source.snapshot, progress
                )
            except IndexUnusable as problem:
                why = str(problem)
            else:
                return prove_indexed_payout(
                    lambda: source.evidence(index, progress),
                    log,
                    payout,
                    keys,
                    patience=patience,
                    progress=progress,
                )
    proof = prove_payout(log, payout, keys, patience=patience, progress=progress)
    return proof, HowProved("scan", fell_back=why)


def _notes(how: HowProved) -> list[str]:
    """What to know of the way it was proved, besides that it was."""
    if how.by == "scan":
        if not how.fell_back:
            return []
        return [
            f"note: the index did not serve, so the whole log was read: {how.fell_back}",
            "note: what the log says was verified; delete the index's directory and build it "
            "again with `pledger audit index`",
        ]
    notes = [f"note: the index is wrong, without effect on this proof: {one}" for one in how.faults]
    notes += [
        f"note: the rank in the contest that {one} closes rests on others' entries: "
        "--scan proves it"
        for one in how.contests
    ]
    notes.append(
        "proved by the partner's own records; that nothing of it stands elsewhere or was passed "
        "over: --scan, or `pledger audit partner`"
    )
    return notes
