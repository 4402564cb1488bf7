"""What is known now of the past is what a ledger would have said that had known all in time.

Two ledgers live the same deals and refunds. In one each is recorded when it happens; what is
rejected in the end never happens, and a deal is its last owner's from the beginning. In the other
all of it is recorded late, in the order in which it comes. As of any moment, the second as known
now says what the first said then: what is owed, and how much of it is pending.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from events import decisions as fact
from events.conversions import Assignment, Deal, Refund
from projections.moments import NOW, Moment
from tests.as_of.asking import Answer
from tests.as_of.lives import Late, engines
from tests.as_of.model import Owed
from tests.projections.world import DAY, START

CUSTOMERS = ("c-0", "c-1", "c-2", "c-3", "c-4")


class Sold(NamedTuple):
    """A deal, and what became of it; times in days since START, each not before the one before."""

    happened: int
    partner: str
    amount: int
    recorded: int
    fate: str
    """kept, refunded, rejected, assigned, or refunded and then rejected."""
    refund_happened: int
    refund_recorded: int
    decided: int


@st.composite
def sales(draw: Any) -> Sold:
    wait = st.integers(0, 12)
    happened = draw(st.integers(1, 30))
    recorded = happened + draw(wait)
    refund_happened = happened + draw(wait)
    refund_recorded = max(recorded, refund_happened) + draw(wait)
    return Sold(
        happened,
        draw(st.sampled_from(("alice", "bob"))),
        draw(st.integers(3, 60_000)),
        recorded,
        draw(st.sampled_from(("kept", "refunded", "rejected", "assigned", "refunded, rejected"))),
        refund_happened,
        refund_recorded,
        refund_recorded + draw(wait),
    )


lives = st.lists(sales(), min_size=1, max_size=len(CUSTOMERS))
Step = tuple[int, int, str, int]
"""(day, order within it, what, number of the deal)."""


def at(days: int, number: int) -> int:
    """A moment of a day of its own, so that no two deals happen at once."""
    return START + days * DAY + 3_600_000 + number * 60_000


def live(engine: str, hold: int, sold: list[Sold], steps: list[Step]) -> Late:
    world = Late(engine, hold)
    deals = {
        number: Deal("acme", CUSTOMERS[number], f"E-{number}", f"D-{number}", one.amount, "EUR",
                     at(one.happened, number), world.directory.count, partner=one.partner)
        for number, one in enumerate(sold)
    }  # fmt: skip
    for day, _, what, number in sorted(steps):
        world.now = at(day, number)
        one, deal, known = sold[number], deals[number], world.directory.count
        if what == "sale":
            world.record(deal)
        elif what == "sale to the last owner":
            other = {"alice": "bob", "bob": "alice"}[one.partner]
            world.record(Deal("acme", deal.customer, deal.event_id, deal.deal, deal.amount, "EUR",
                              deal.occurred_at, known, partner=other))  # fmt: skip
        elif what == "refund":
            part = one.amount // 3  # of what is refunded whole, no review has an effect
            happened = at(one.refund_happened, number)
            world.record(Refund("acme", deal.customer, f"R-{number}", part, "EUR", happened,
                                known, deal.deal))  # fmt: skip
        elif what == "reject":
            world.decide(fact.CommissionRejected("acme", one.partner, deal.deal, "", "fraud"))
        else:
            other = {"alice": "bob", "bob": "alice"}[one.partner]
            world.record(Assignment("acme", deal.customer, f"A-{number}", world.now, known, other,
                                    deal))  # fmt: skip
    return world


def as_it_happened(sold: list[Sold]) -> list[Step]:
    steps: list[Step] = []
    for number, one in enumerate(sold):
        if one.fate.endswith("rejected"):
            continue
        owner = "sale to the last owner" if one.fate == "assigned" else "sale"
        steps.append((one.happened, 0, owner, number))
        if one.fate == "refunded":
            steps.append((one.refund_happened, 1, "refund", number))
    return steps


def as_it_was_learned(sold: list[Sold]) -> list[Step]:
    steps: list[Step] = []
    for number, one in enumerate(sold):
        steps.append((one.recorded, 0, "sale", number))
        if one.fate.startswith("refunded"):
            steps.append((one.refund_recorded, 1, "refund", number))
        if one.fate.endswith("rejected"):
            steps.append((one.decided, 2, "reject", number))
        if one.fate == "assigned":
            steps.append((one.decided, 2, "assign", number))
    return steps


def moved(found: Owed) -> dict[tuple[str, str, str], tuple[int, int]]:
    """What is pending and available, of units in which anything is."""
    sums = {key: (row["pending"], row["available"]) for key, row in found.items()}
    return {key: row for key, row in sums.items() if any(row)}


@given(engines, st.sampled_from((0, 7, 20)), lives, st.lists(st.integers(0, 70), max_size=6))
def test_known_now_is_what_a_punctual_ledger_said_then(
    engine: str, hold: int, sold: list[Sold], moments: list[int]
) -> None:
    punctual = live(engine, hold, sold, as_it_happened(sold))
    late = live(engine, hold, sold, as_it_was_learned(sold))
    edges = {one.happened for one in sold} | {one.refund_happened for one in sold}
    for day in sorted({*moments, *edges}):
        as_of = Moment(START + (day + 1) * DAY)
        said_then = moved(Answer(punctual, as_of, as_of).owed())
        assert moved(Answer(late, as_of, NOW).owed()) == said_then, f"day {day}"
