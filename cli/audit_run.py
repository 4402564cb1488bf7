"""`pledger audit run`: every payout of a run proved, and that nothing else says it is of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from audit.log import DEFAULT_PATIENCE_S, KafkaLog
from cli.audit_parts import Patience, click_keys, ledger_to_prove, proving
from cli.display import AsJson, Column, money, print_json, print_table, text
from cli.money import shown
from cli.system import Home

if TYPE_CHECKING:
    from audit.run import RunProof


def audit_run(
    run: Annotated[str, typer.Argument(help="The run's id.")],
    as_json: AsJson = False,
    patience: Patience = DEFAULT_PATIENCE_S,
    home: Home = None,
) -> None:
    """Prove every payout of a run, back to the clicks and terms behind it.

    The accounts of all its partners are booked again, once for all of them. Exit code 1 and
    the first difference where something was changed; 2 where there is no such run.

    Example:

        pledger audit run 2026-11
    """
    from audit.run import UnknownRun, prove_run

    found = ledger_to_prove(home)
    with proving("reading the log", as_json, UnknownRun) as progress:
        log, keys = KafkaLog(found.broker), click_keys(found)
        proof = prove_run(log, run, keys, patience=patience, progress=progress)
    if as_json:
        print_json({"verified": True, "proof": _facts(proof)})
    else:
        _print(proof)


def _facts(proof: RunProof) -> dict[str, Any]:
    """The proof as JSON, with the number of entries that paid for each payout instead of the
    entries: `pledger audit payout` prints those of one."""
    facts: dict[str, Any] = msgspec.to_builtins(proof)
    for one in facts["payouts"]:
        one["before"] = len(one["before"])
    return facts


def _print(proof: RunProof) -> None:
    rows = [
        {
            "payout": one.payout,
            "partner": one.partner,
            "status": one.status,
            "amount": one.amount,
            "unit": one.unit,
            "entry": one.funding.position,
            "before": f"{len(one.before):,}",
        }
        for one in proof.payouts
    ]
    unbooked = [
        {
            **msgspec.to_builtins(one),
            "amount": 0,
            "unit": proof.unit,
            "entry": "",
            "before": "",
        }
        for one in proof.unbooked
    ]
    columns = [
        text("payout", "payout"),
        text("partner", "partner"),
        text("status", "status"),
        money("set aside", "amount"),
        text("answered by", "entry"),
        Column("entries before it", lambda row: str(row["before"]), right=True),
    ]
    print_table([*rows, *unbooked], columns, title=f"run {proof.run} of {proof.program}")
    said = ", ".join(f"{count} {status}" for status, count in sorted(proof.statuses.items()))
    total = shown(proof.amount, proof.unit)
    typer.echo(f"{said}; {total} paid or on the way; started by {proof.by or 'nobody named'}")
    typer.echo(
        f"decided again, byte for byte: {proof.entries:,} entries, {proof.conversions:,} "
        f"conversions, {proof.clicks:,} clicks; {proof.records:,} records read"
    )
    typer.echo("verified")
