"""What commands on runs say: a plan, how a run stands, a payment file."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import typer

from cli.display import Column, money, print_json, print_table, text
from cli.money import shown
from cli.payout_listing import facts

if TYPE_CHECKING:
    from aggregates.application import Decisions
    from cli.payments.files import PaymentFile
    from cli.run_plan import Planned

ASK_AGAIN_S = 0.2


def tell(ledger: Decisions, run: str, wait: float, as_json: bool, *, each: bool = False) -> None:
    """How the run stands, once the ledger answered or `wait` seconds passed; raises Exit(1)
    when it refused a payout."""
    deadline = time.monotonic() + wait
    payouts = ledger.payouts_of(run)
    while any(one.status == "requested" for one in payouts) and time.monotonic() < deadline:
        time.sleep(ASK_AGAIN_S)
        payouts = ledger.payouts_of(run)
    found = ledger.run(run)
    counts = Counter(one.status for one in payouts)
    total = sum(one.amount for one in payouts)
    listed = [facts(one) for one in payouts]
    if as_json:
        print_json(
            {
                "run": run,
                "program": found.program,
                "unit": found.unit,
                "payouts": len(found.payouts),
                "missing": len(found.payouts) - len(payouts),
                "statuses": dict(counts),
                "amount": total,
                "each": listed,
            }
        )
    else:
        shown_ones = listed if each else [one for one in listed if one["status"] == "refused"]
        if shown_ones:
            print_table(shown_ones, _columns())
        said = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
        missing = len(found.payouts) - len(payouts)
        missed = f", {missing} not asked for: start it again" if missing else ""
        listed_ones = _counted(len(found.payouts), "payout")
        typer.echo(
            f"run {run} of {found.program}: {listed_ones} ({said or 'none yet'}{missed}), "
            f"{shown(total, found.unit)} set aside"
        )
    if counts["refused"] and not each:
        raise typer.Exit(1)


def _columns() -> list[Column]:
    return [
        text("payout", "payout"),
        text("partner", "partner"),
        text("status", "status"),
        money("amount", "amount"),
        Column("note", lambda row: row["reason"] or row["sent_reference"]),
    ]


def print_plan(candidates: Planned, dry_run: bool, as_json: bool) -> None:
    """Who would be paid and who is left out; as JSON for a dry run alone: a run has its own."""
    paid = candidates.paid
    total = sum(one.available for one in paid)
    if as_json:
        if dry_run:
            print_json(
                {
                    "program": candidates.program,
                    "unit": candidates.unit,
                    "paid": list(paid),
                    "left_out": candidates.left_out,
                    "available": total,
                }
            )
        return
    for one in candidates.left_out:
        typer.echo(f"left out  {one.partner}: {one.left_out}")
    if dry_run:
        for one in paid:
            typer.echo(f"pays      {one.partner}: {shown(one.available, candidates.unit)}")
    typer.echo(
        f"{_counted(len(paid), 'partner')}, {shown(total, candidates.unit)} available before "
        f"fees; {len(candidates.left_out)} left out"
    )


def print_file(written: PaymentFile, unit: str, as_json: bool, *, is_draft: bool) -> None:
    """What is in a payment file, what is not and why; amounts in `unit`."""
    mapped = {one.payout: one.reference for one in written.orders if one.reference != one.payout}
    if as_json:
        print_json(
            {
                "file": str(written.path),
                "reference": written.reference,
                "draft": is_draft,
                "payments": len(written.orders),
                "total": written.total,
                "set_aside": written.set_aside,
                "unit": unit,
                "shortened": mapped,
                "left_out": [vars(one) for one in written.left],
                "not_sent": [vars(one) for one in written.refused],
            }
        )
        return
    for one in written.left:
        typer.echo(f"left out  {one.payout}: {one.reason}")
    for one in written.refused:
        typer.echo(f"not sent  {one.payout}: {one.reason}")
    for payout, reference in mapped.items():
        typer.echo(f"shortened {payout} is called {reference} in the file")
    what = "draft, nothing is marked as sent" if is_draft else f"sent as {written.reference}"
    paid = shown(written.total, unit)
    if written.total != written.set_aside:
        paid += f" of {shown(written.set_aside, unit)} set aside in the run"
    typer.echo(f"{written.path}: {_counted(len(written.orders), 'payment')}, {paid} ({what})")


def _counted(count: int, what: str) -> str:
    """`1 payout`, `2 payouts`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
