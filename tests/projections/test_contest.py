"""Contests: who is ahead, by the journal alone; each case is a list of entries and the ranks."""

from __future__ import annotations

from typing import Any

import pytest

from events.decisions import Winner
from events.journal import Entry
from events.terms import Contest, Prize
from projections.contest import Race

AUTUMN = Contest("autumn", 100, 200, (Prize(50_000), Prize(1, "acme:trophy")))
COUNTS = Contest("most", 100, 200, (Prize(50_000),), measure="count")


def entry(kind: str, partner: str, deal: str, at: int, sum: int, **more: Any) -> Entry:
    """An entry whose counters say that a partner's sales of a month change by `sum` and, by the
    sign of it, one deal."""
    counters = {"sale/amount/1970-01": sum, "sale/count/1970-01": (sum > 0) - (sum < 0)}
    if "counters" in more:
        counters = more.pop("counters")
    return Entry(0, "x/0/0", partner, at, kind, "acme", "EUR", deal=deal, counters=counters, **more)  # type: ignore[arg-type]


def sale(partner: str, deal: str, at: int, sum: int, occurred_at: int = 150, **more: Any) -> Entry:
    return entry("commission", partner, deal, at, sum, occurred_at=occurred_at, **more)


CASES: dict[str, tuple[list[Entry], list[tuple[int, str, int]]]] = {
    "nobody sold": ([], []),
    "the greater sum leads": (
        [sale("ann", "1", 10, 500), sale("ben", "2", 11, 900)],
        [(1, "ben", 900), (2, "ann", 500)],
    ),
    "equal sums: who reached it first, not who began first": (
        [sale("ann", "1", 10, 400), sale("ben", "2", 11, 500), sale("ann", "3", 12, 100)],
        [(1, "ben", 500), (2, "ann", 500)],
    ),
    "equal sums at one time: by id": (
        [sale("ben", "1", 10, 500), sale("ann", "2", 10, 500)],
        [(1, "ann", 500), (2, "ben", 500)],
    ),
    "before and after do not count, the first moment does, the last does not": (
        [
            sale("ann", "1", 10, 500, occurred_at=99),
            sale("ann", "2", 10, 70, occurred_at=100),
            sale("ann", "3", 10, 5, occurred_at=199),
            sale("ann", "4", 10, 900, occurred_at=200),
        ],
        [(1, "ann", 75)],
    ),
    "net of refunds, whenever they come": (
        [sale("ann", "1", 10, 500), entry("clawback", "ann", "1", 900, -200)],
        [(1, "ann", 300)],
    ),
    "a refund of a deal from before takes nothing": (
        [
            sale("ann", "0", 5, 800, occurred_at=50),
            sale("ann", "1", 10, 500),
            entry("clawback", "ann", "0", 11, -800),
        ],
        [(1, "ann", 500)],
    ),
    "who has nothing left is not in it": (
        [sale("ann", "1", 10, 500), entry("rejected", "ann", "1", 12, -500)],
        [],
    ),
    "a held commission counts when it is released": (
        [
            sale("ann", "1", 10, 0, counters={}, hold="review_all"),
            sale("ben", "2", 11, 400),
            entry("released", "ann", "1", 12, 500),
        ],
        [(1, "ann", 500), (2, "ben", 400)],
    ),
    "a held one that is not released does not": (
        [sale("ann", "1", 10, 0, counters={}, hold="review_all")],
        [],
    ),
    "a deal given to another counts for that one": (
        [
            sale("ann", "1", 10, 500),
            entry("rejected", "ann", "1", 12, -500),
            sale("ben", "1", 12, 500),
        ],
        [(1, "ben", 500)],
    ),
    "overrides are nobody's own sales": ([sale("ann", "1", 10, 500, level=1, via="ben")], []),
    "renewals and leads are other events": (
        [sale("ann", "1", 10, 0, counters={"renewal/amount/1970-01": 500})],
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_standings(name: str) -> None:
    entries, expected = CASES[name]
    race = Race("acme", AUTUMN)
    for one in entries:
        race.take(one)
    assert [(at.rank, at.partner, at.measure) for at in race.standings()] == expected


def test_another_program_is_another_race() -> None:
    race = Race("globex", AUTUMN)
    race.take(sale("ann", "1", 10, 500))
    assert race.standings() == ()


def test_by_count() -> None:
    race = Race("acme", COUNTS)
    for one in (sale("ann", "1", 1, 900), sale("ben", "2", 2, 10), sale("ben", "3", 3, 10)):
        race.take(one)
    assert [(at.partner, at.measure) for at in race.standings()] == [("ben", 2), ("ann", 1)]


def test_as_many_winners_as_prizes() -> None:
    race = Race("acme", AUTUMN)
    for one in (sale("ann", "1", 1, 9), sale("ben", "2", 2, 8), sale("cas", "3", 3, 7)):
        race.take(one)
    assert race.winners("EUR") == (
        Winner(1, "ann", 9, 50_000, "EUR"),
        Winner(2, "ben", 8, 1, "acme:trophy"),
    )


def test_fewer_winners_than_prizes() -> None:
    race = Race("acme", AUTUMN)
    race.take(sale("ann", "1", 1, 9))
    assert race.winners("EUR") == (Winner(1, "ann", 9, 50_000, "EUR"),)
