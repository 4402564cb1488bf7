"""Which payout runs are due: a pure function of the terms and the time.

A program pays monthly or weekly, on a day its terms name. The newest such day that has begun
(UTC) is due, if the terms asked for it by then: a schedule does not reach back before it was
in force. The run is called by program, period and unit, and so can only start once.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from aggregates.payout_run import LONGEST_RUN_ID
from events.terms import Terms
from projections.directory import Directory

ON_REQUEST = "on_request"


class DueRun(NamedTuple):
    """A run that should have started by now."""

    run: str
    program: str
    unit: str
    due_at: int
    """Midnight UTC of its day, ms."""


def due_runs(directory: Directory, now: int) -> list[DueRun]:
    """Of each active program the newest run that was due by `now` (ms), one for each currency
    that its partners are paid in."""
    return [
        DueRun(run_id(program.program, period, unit), program.program, unit, due_at)
        for program in directory.programs()
        if program.active and (found := _due(directory, program.program, now)) is not None
        for period, due_at in [found]
        for unit in units(directory, program.program, program.currency)
    ]


def units(directory: Directory, program: str, currency: str) -> list[str]:
    """The currencies a program pays in: its own, and those its partners asked for."""
    asked = {
        directory.partner_currency(partner.partner, directory.count)
        for partner in directory.partners()
        if program in partner.programs
    }
    return sorted((asked | {currency}) - {""})


def run_id(program: str, period: str, unit: str) -> str:
    """`acme-2026-11-eur`; a long program's id is cut, with a digest of it."""
    tail = f"-{period}-{unit.lower()}"
    if len(program) + len(tail) > LONGEST_RUN_ID:
        digest = hashlib.sha256(program.encode()).hexdigest()[:8]
        program = f"{program[: LONGEST_RUN_ID - len(tail) - 9]}-{digest}"
    return program + tail


def newest_day(terms: Terms, today: date) -> tuple[str, date]:
    """The period and the day of the newest payout day that is not after `today`."""
    if terms.payout_schedule == "weekly":
        day = today - timedelta(days=(today.isoweekday() - terms.payout_day) % 7)
        week = day.isocalendar()
        return f"{week.year}-w{week.week:02}", day
    month = today if today.day >= terms.payout_day else today.replace(day=1) - timedelta(days=1)
    return f"{month:%Y-%m}", month.replace(day=terms.payout_day)


def _due(directory: Directory, program: str, now: int) -> tuple[str, int] | None:
    """Period and time (ms) of the run that is due, if any is."""
    known = directory.count
    found = directory.terms(program, known, now)
    if found is None or found.terms.payout_schedule == ON_REQUEST:
        return None
    period, day = newest_day(found.terms, datetime.fromtimestamp(now // 1000, UTC).date())
    due_at = int(datetime.combine(day, time(), UTC).timestamp()) * 1000
    then = directory.terms(program, known, due_at)
    asked = (found.terms.payout_schedule, found.terms.payout_day)
    if then is None or (then.terms.payout_schedule, then.terms.payout_day) != asked:
        return None
    return period, due_at
