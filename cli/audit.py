"""`pledger audit` and `pledger replay`: prove a payout, or the whole ledger.

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be audited.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.tree import Tree

from audit.difference import AuditFailed, Difference
from audit.log import KafkaLog
from audit.parallel import DEFAULT_PATIENCE_S, replay_ledger
from audit.payout import UnknownPayout, prove_payout
from audit.payout_proof import PayoutProof, ProvedEntry
from audit.replay import ReplayReport
from cli.money import shown
from events import settings
from events.click_token import ClickKeys, load_keys
from events.log import LogError

audit_app = typer.Typer(no_args_is_help=True, help="Prove a payout from the log alone.")

Patience = Annotated[
    float,
    typer.Option(
        "--patience",
        help="Seconds to wait for records a running worker has yet to write.",
        min=0,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

SHOWN_ENTRIES = 20


@audit_app.command("payout")
def audit_payout(
    payout: Annotated[str, typer.Argument(help="The payout's id.")],
    as_json: AsJson = False,
    full: Annotated[bool, typer.Option("--full", help="Print every entry.")] = False,
    patience: Patience = DEFAULT_PATIENCE_S,
) -> None:
    """Walk from a payout back to the clicks and terms behind it, deciding each step again.

    Reads the log alone: the warehouse may be down, deleted or wrong.

    Examples:

        pledger audit payout po-2026-11-jane

        pledger audit payout po-2026-11-jane --json | jq .proof.amount
    """
    found = settings.load()
    with _progress("reading the log") as progress:
        task = progress.add_task("records", total=None)
        try:
            proof = prove_payout(
                KafkaLog(found.broker),
                payout,
                _keys(found),
                patience=patience,
                progress=lambda records: progress.advance(task, records),
            )
        except (UnknownPayout, LogError, KafkaException) as problem:
            progress.stop()
            raise _not_audited(problem) from problem
        except AuditFailed as failed:
            progress.stop()
            _fail(failed.difference, as_json)
            raise typer.Exit(1) from failed
    if as_json:
        _print_json({"verified": True, "proof": msgspec.to_builtins(proof)})
    else:
        Console().print(payout_tree(proof, None if full else SHOWN_ENTRIES))
        typer.echo("verified")


def replay(
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Compare what the log says with what follows from it."),
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", help="Default: as many as processors.", min=0)
    ] = 0,
    as_json: AsJson = False,
    patience: Patience = DEFAULT_PATIENCE_S,
) -> None:
    """Decide the whole ledger again, from the first record, and compare byte for byte.

    Example:

        pledger replay --verify
    """
    if not verify:
        typer.echo("error: say what to do with the replay: pledger replay --verify", err=True)
        raise typer.Exit(2)
    found = settings.load()
    with _progress("deciding again") as progress:
        task = progress.add_task("records", total=None)
        try:
            report = replay_ledger(
                found.broker,
                _keys(found),
                processes=processes or None,
                patience=patience,
                progress=lambda records: progress.advance(task, records),
            )
        except (LogError, KafkaException) as problem:
            progress.stop()
            raise _not_audited(problem) from problem
    if as_json:
        _print_json(msgspec.to_builtins(report))
    else:
        print_report(Console(), report)
        if report.verified:
            typer.echo("verified")
    if not report.verified:
        raise typer.Exit(1)


def _not_audited(problem: Exception) -> typer.Exit:
    """Neither verified nor not: the log could not be read, or holds no such payout."""
    typer.echo(f"error: {problem}", err=True)
    return typer.Exit(2)


def _keys(found: settings.Settings) -> ClickKeys | None:
    """The click keys, where this machine has them; without, clicks are only looked up."""
    return load_keys(found.keys) if found.keys.exists() else None


def _progress(what: str) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn(what),
        TextColumn("{task.completed:,.0f} records"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def payout_tree(proof: PayoutProof, shown_entries: int | None) -> Tree:
    """The way from the payout to its evidence; `shown_entries` None: all of it."""
    unit = proof.unit
    tree = Tree(
        f"payout [bold]{proof.payout}[/]  {shown(proof.amount, unit)} to {proof.partner} "
        f"({proof.program}): {proof.status}"
    )
    for step in proof.steps:
        # Sending moves nothing between accounts: no amount then.
        moved = f"  {shown(step.moved, unit)}" if step.moved else ""
        tree.add(f"{step.entry.kind}{moved}  {_time(step.entry.at)}  {step.position}")
    cover = tree.add("what was there before it")
    total = sum(entry.payable for entry in proof.before)
    balance = proof.funding.entry.balance
    cover.add(f"payable {shown(total, unit)} from {len(proof.before)} entries")
    if balance is not None:
        cover.add(f"of it still on hold {shown(balance.pending, unit)}")
    listed = proof.before[:shown_entries]
    for entry in listed:
        _add_entry(tree, entry, unit)
    if len(listed) < len(proof.before):
        tree.add(f"… and {len(proof.before) - len(listed):,} more entries (--full prints all)")
    tree.add(
        f"decided again: {proof.entries:,} entries, {proof.conversions:,} conversions, "
        f"{proof.clicks:,} clicks, {proof.decisions:,} decisions; {proof.records:,} records read"
    )
    return tree


def _add_entry(tree: Tree, proved: ProvedEntry, unit: str) -> None:
    entry = proved.entry
    what = f"{entry.kind}  {shown(proved.payable, unit)}"
    if entry.deal:
        what += f"  deal {entry.deal} of {shown(entry.base, unit)}"
    if entry.reason:
        what += f"  ({entry.reason})"
    branch = tree.add(f"{what}  {proved.position}")
    if entry.rule:
        branch.add(f"rule {entry.rule} of terms {entry.terms}  {entry.terms_at}")
    if entry.conversion:
        branch.add(f"conversion {entry.event_id}  {entry.conversion}")
    if proved.attribution:
        branch.add(f"credited by {proved.method or 'refund'}  {proved.attribution}")
    if proved.click:
        branch.add(f"click  {proved.click}")


def print_report(console: Console, report: ReplayReport) -> None:
    table = Table(title="replay", show_header=False)
    for name, count in (
        ("decisions", report.decisions),
        ("conversions", report.conversions),
        ("instructions", report.instructions),
        ("journal entries", report.entries),
        ("clicks proved", report.clicks_proved),
        ("repeats ignored", report.repeats_ignored),
        ("records unreadable (dead letters)", len(report.unreadable)),
        ("differences", len(report.differences)),
        ("records read", report.records),
        ("records a second", report.records_per_second),
    ):
        table.add_row(name, f"{count:,}")
    console.print(table)
    balance = Table(title="trial balance")
    names = ("commissions", "payable", "in_transit", "paid")
    for heading in ("unit", *names, "sum"):
        balance.add_column(heading, justify="left" if heading == "unit" else "right")
    for unit, accounts in sorted(report.trial_balance.items()):
        balance.add_row(
            unit,
            *(shown(accounts.get(name, 0), unit) for name in names),
            shown(sum(accounts.values()), unit),
        )
    console.print(balance)
    for position in report.contradictions:
        typer.echo(f"note: {position} repeats an accepted record with other content: ignored")
    for difference in report.differences:
        _fail(difference, as_json=False)


def _fail(difference: Difference, as_json: bool) -> None:
    if as_json:
        _print_json({"verified": False, "difference": msgspec.to_builtins(difference)})
        return
    typer.echo(f"NOT VERIFIED: {difference.kind} {difference.position}")
    typer.echo(f"  {difference.detail}")
    if difference.expected:
        typer.echo(f"  expected {difference.expected}")
    if difference.found:
        typer.echo(f"  found    {difference.found}")


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=1))


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
