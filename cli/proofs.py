"""A proof as people read it: the way from a payout to its evidence, a replay's report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

import typer
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from cli.money import shown
from events.journal import Account

if TYPE_CHECKING:
    from audit.difference import Difference
    from audit.indexed_payout import HowProved
    from audit.payout_proof import PayoutProof, ProvedEntry
    from audit.replay import ReplayReport
    from audit.told import Summary
    from events.journal import Entry


def payout_tree(
    proof: PayoutProof, shown_entries: int | None, how: HowProved | None = None
) -> Tree:
    """The way from the payout to its evidence, and what that took; `shown_entries` None: all of
    it."""
    tree = payout_way(proof, shown_entries, "--entries all")
    if proof.told is not None:
        tree.add(
            f"{proof.told.conversions:,} conversions have to do with {proof.partner}: "
            f"{_told(proof.told)} (`pledger audit partner {proof.partner} --list`)"
        )
    tree.add(
        f"decided again, byte for byte: {proof.entries:,} entries (their hash chain is whole), "
        f"{proof.conversions:,} conversions, "
        f"{proof.clicks:,} clicks, {proof.decisions:,} decisions; {_way(proof, how)}"
    )
    return tree


def payout_way(proof: PayoutProof, shown_entries: int | None, others: str) -> Tree:
    """The way from the payout to its evidence; `others`: how to see the entries not shown."""
    unit = proof.unit
    tree = Tree(
        f"payout [bold]{proof.payout}[/]  {shown(proof.amount, unit)} to {proof.partner} "
        f"({proof.program}): {proof.status}"
    )
    for step in proof.steps:
        # Sending moves nothing between accounts: no amount then.
        moved = f"  {shown(step.moved, unit)}" if step.moved else ""
        moved += _kept(step.entry, unit)
        tree.add(f"{step.entry.kind}{moved}  {_time(step.entry.at)}  {step.position}")
    cover = tree.add("what was there before it")
    total = sum(proved.entry.payable(unit) for proved in proof.before)
    balance = proof.funding.entry.balance
    cover.add(f"payable {shown(total, unit)} from {len(proof.before)} entries")
    if balance is not None:
        cover.add(f"of it still on hold {shown(balance.pending, unit)}")
    listed = proof.before[:shown_entries]
    for entry in listed:
        _add_entry(tree, entry, unit)
    if len(listed) < len(proof.before):
        tree.add(f"… and {len(proof.before) - len(listed):,} more entries ({others})")
    return tree


def _told(summary: Summary) -> str:
    """What became of a partner's conversions, in a line."""
    counts: dict[str, int] = {}
    for one in summary.sums:
        counts[one.became] = counts.get(one.became, 0) + one.conversions
    return ", ".join(f"{count:,} {became}" for became, count in counts.items()) or "none booked"


def _way(proof: PayoutProof, how: HowProved | None) -> str:
    """How the records were come by."""
    if how is None or how.by == "scan":
        return f"{proof.records:,} records read"
    said = f"{how.fetched:,} records fetched by their positions"
    return said + (f", {how.unseen:,} read that the index had not seen" if how.unseen else "")


def _kept(entry: Entry, unit: str) -> str:
    """What a payout keeps back of its gross amount, or gives back: `, of it withholding …`."""
    kept = [
        f"{leg.account} {shown(abs(leg.amount), unit)}"
        for leg in entry.legs
        if leg.account in ("withholding", "fees")
    ]
    return f", of it {' and '.join(kept)}" if kept else ""


def _add_entry(tree: Tree, proved: ProvedEntry, unit: str) -> None:
    entry = proved.entry
    what = f"{entry.kind}  {shown(entry.payable(unit), unit)}"
    if entry.deal:
        what += f"  deal {entry.deal} of {shown(entry.base, entry.currency or entry.unit)}"
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


ALWAYS_SHOWN = ("commissions", "payable", "in_transit", "paid")


def print_report(console: Console, report: ReplayReport) -> None:
    """What a replay decided again, the trial balance, and each difference."""
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
    met = {name for accounts in report.trial_balance.values() for name in accounts}
    names = [name for name in get_args(Account) if name in met or name in ALWAYS_SHOWN]
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
        print_difference(difference)


def print_difference(difference: Difference) -> None:
    """What differs, where, and what was expected and found there."""
    typer.echo(f"NOT VERIFIED: {difference.kind} {difference.position}")
    typer.echo(f"  {difference.detail}")
    if difference.expected:
        typer.echo(f"  expected {difference.expected}")
    if difference.found:
        typer.echo(f"  found    {difference.found}")


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
