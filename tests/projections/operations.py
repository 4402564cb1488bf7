"""Random lives of a ledger, and an auditor that knows nothing of how it is built.

`operations` draws what customers, partners and people do, in any order and with repeats.
`NaiveBook` recomputes every balance from the entries alone, in the most obvious way.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import strategies as st

from events.journal import Entry
from events.terms import Rule
from tests.projections.world import DAY, World

PARTNERS = ("alice", "bob")
CUSTOMERS = ("carol", "dave", "erin")
DEALS = tuple(f"D-{number}" for number in range(6))
PAYOUTS = tuple(f"po-{number}" for number in range(4))
EVENTS = tuple(f"E-{number}" for number in range(12))

amounts = st.one_of(st.integers(0, 40), st.integers(0, 100_000))
events = st.one_of(st.just(""), st.sampled_from(EVENTS))

operations = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 12)),
    st.tuples(
        st.just("deal"),
        st.sampled_from(DEALS),
        st.sampled_from(CUSTOMERS),
        amounts,
        events,
        st.sampled_from((*PARTNERS, "")),
        st.sampled_from(("sale", "renewal")),
    ),
    st.tuples(st.just("signup"), st.sampled_from(CUSTOMERS), events, st.sampled_from(PARTNERS)),
    st.tuples(
        st.just("refund"),
        st.sampled_from(CUSTOMERS),
        st.integers(1, 60_000),
        events,
        st.sampled_from((*DEALS, "")),
    ),
    st.tuples(
        st.just("payout"),
        st.sampled_from(("requested", "sent", "settled", "failed")),
        st.sampled_from(PAYOUTS),
        st.sampled_from(PARTNERS),
        st.one_of(st.just(0), st.integers(1, 5_000)),
    ),
)

lives = st.lists(operations, min_size=5, max_size=60)
holds = st.sampled_from((0, 1, 7))


def given_world(hold_days: int, *, reload: bool = False) -> World:
    world = World(reload=reload)
    world.program()
    world.terms(
        Rule("lead", "lead", "flat", 150),
        Rule("sale", "sale", "percentage", 1_234),
        Rule("renewal", "renewal", "flat", 77),
        hold_days=hold_days,
    )
    for partner in PARTNERS:
        world.partner(partner)
    return world


def live(world: World, life: list[Any]) -> World:
    """Let all of it happen; a moment passes between two operations."""
    for operation in life:
        happen(world, operation)
    return world


def happen(world: World, operation: Any) -> list[Entry]:
    world.now += 1_000
    what, *rest = operation
    if what == "wait":
        world.now += rest[0] * DAY
        return []
    if what == "deal":
        deal, customer, amount, event, partner, kind = rest
        click = world.click(f"{partner}-link") if partner else None
        return world.deal(deal, customer, amount, event, click=click, kind=kind)
    if what == "signup":
        customer, event, partner = rest
        return world.signup(customer, event, click=world.click(f"{partner}-link"))
    if what == "refund":
        customer, amount, event, deal = rest
        return world.refund(customer, amount, event, deal=deal)
    return world.payout(*rest)


class NaiveBook:
    """Balances by adding up every leg ever booked; what a hold covers, deal by deal."""

    def __init__(self) -> None:
        self.totals: dict[tuple[str, str, str], int] = defaultdict(int)
        """(partner, unit, account) → minor units."""
        self.credits: list[tuple[str, str, int, int]] = []
        """(partner, unit, time from which it is available, minor units)."""
        self.earned_by_deal: dict[tuple[str, str], int] = defaultdict(int)

    def book(self, entry: Entry) -> None:
        for leg in entry.legs:
            self.totals[entry.partner, entry.unit, leg.account] += leg.amount
            if leg.account == "payable" and entry.kind in ("commission", "clawback"):
                self.credits.append((entry.partner, entry.unit, entry.available_at, leg.amount))
                if entry.deal:
                    self.earned_by_deal[entry.partner, entry.deal] += leg.amount

    def total(self, partner: str, account: str, unit: str = "EUR") -> int:
        return self.totals[partner, unit, account]

    def pending(self, partner: str, at: int, unit: str = "EUR") -> int:
        return sum(
            amount
            for who, what, available_at, amount in self.credits
            if (who, what) == (partner, unit) and available_at > at
        )

    def available(self, partner: str, at: int, unit: str = "EUR") -> int:
        return self.total(partner, "payable", unit) - self.pending(partner, at, unit)
