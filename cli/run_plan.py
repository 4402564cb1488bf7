"""Who a run pays: balances from the warehouse or from the journal, held against the terms."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.ledger import rows, warehouse
from cli.reading import BadOption
from events.settings import Broker, Settings
from projections.payout_plan import AVAILABLE, Balances, Candidate, plan

if TYPE_CHECKING:
    from aggregates.application import Decisions
    from streams.decisions import DirectoryFollower

SOURCES = ("warehouse", "journal")


@dataclass(frozen=True)
class Planned:
    """The partners a run would pay, and those it would leave out."""

    program: str
    unit: str
    paid: list[Candidate]
    left_out: list[Candidate]


def planned(
    settings: Settings, follower: DirectoryFollower, program: str, unit: str, source: str
) -> Planned:
    """`unit` empty: the program's currency. Raises BadOption, Unreachable, NotReady."""
    if source not in SOURCES:
        raise BadOption(f"--balances {source!r}: expected one of {', '.join(SOURCES)}")
    found = follower.directory.program(program, follower.directory.count)
    if found is None:
        raise BadOption(f"program {program!r} does not exist; see `pledger programs list`")
    unit = unit or found.currency
    now = time.time_ns() // 1_000_000
    if source == "journal":
        balances = from_journal(settings.broker, program, unit, now)
    else:
        with warehouse(settings) as client:
            listed = rows(client, AVAILABLE, program=program, unit=unit)
        balances = {row["partner"]: int(row["available"]) for row in listed}
    candidates = plan(follower.directory, program, unit, balances, now)
    return Planned(
        program,
        unit,
        [one for one in candidates if not one.left_out],
        [one for one in candidates if one.left_out],
    )


def from_journal(broker: Broker, program: str, unit: str, at: int) -> dict[str, int]:
    """Partner → minor units available at `at` (ms), from every entry of the journal."""
    from streams.journal_reading import entries, journal_ends

    balances = Balances(program, unit, at)
    for posted in entries(broker, journal_ends(broker)):
        balances.add(posted.entry)
    return balances.available


def start_run(ledger: Decisions, run: str, candidates: Planned, by: str) -> bool:
    """Decide the run's list; False where nobody can be paid."""
    from aggregates.payout_run import payout_of
    from events.decisions import RunPayout

    payouts = [RunPayout(payout_of(run, one.partner), one.partner) for one in candidates.paid]
    if payouts:
        ledger.start_run(run, candidates.program, candidates.unit, payouts, by=by)
    return bool(payouts)
