"""When a program pays by schedule, told as dates."""

from __future__ import annotations

from datetime import date

import pytest

from aggregates.payout_run import LONGEST_PAYOUT_ID, LONGEST_RUN_ID, payout_of
from cli.due_runs import newest_day, run_id
from events.terms import Rule, Terms

RULES = (Rule("sale", "sale", "percentage", 1000),)


@pytest.mark.parametrize(
    ("schedule", "day", "today", "period", "due"),
    [
        ("monthly", 1, "2026-11-01", "2026-11", "2026-11-01"),
        ("monthly", 1, "2026-11-30", "2026-11", "2026-11-01"),
        ("monthly", 15, "2026-11-14", "2026-10", "2026-10-15"),
        ("monthly", 15, "2026-11-15", "2026-11", "2026-11-15"),
        ("monthly", 28, "2027-01-03", "2026-12", "2026-12-28"),
        ("monthly", 28, "2027-03-01", "2027-02", "2027-02-28"),
        ("weekly", 1, "2026-11-23", "2026-w48", "2026-11-23"),
        ("weekly", 1, "2026-11-22", "2026-w47", "2026-11-16"),
        ("weekly", 5, "2026-11-23", "2026-w47", "2026-11-20"),
        ("weekly", 7, "2027-01-03", "2026-w53", "2027-01-03"),
    ],
)
def test_the_newest_day_that_was_due(
    schedule: str, day: int, today: str, period: str, due: str
) -> None:
    terms = Terms(1, 0, RULES, payout_schedule=schedule, payout_day=day)  # type: ignore[arg-type]
    assert newest_day(terms, date.fromisoformat(today)) == (period, date.fromisoformat(due))


def test_ids_of_runs_and_payouts_fit() -> None:
    assert run_id("acme", "2026-11", "EUR") == "acme-2026-11-eur"
    long = run_id("p" * 64, "2026-w48", "EUR")
    assert len(long) == LONGEST_RUN_ID and long.endswith("-2026-w48-eur")
    assert long != run_id("p" * 63 + "q", "2026-w48", "EUR")
    assert payout_of("r1", "jane") == "r1-jane"
    short = payout_of(long, "j" * 64)
    assert len(short) <= LONGEST_PAYOUT_ID
    assert short != payout_of(long, "j" * 63 + "k")
