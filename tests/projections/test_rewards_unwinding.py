"""Whatever was paid for a deal is taken back to the last minor unit once it is refunded.

Random terms of engine 2 and random lives: deals, refunds in parts, reviews. At the end all that
is left is released, and refunded or rejected; then every account, every unit and every counter
must be at zero.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events import decisions as fact
from events.journal import HELD, Entry
from events.terms import Bonus, Cap, Level, Override, Rule, Terms, Tiers
from projections.booked_reward import BookedReward
from projections.tally import Tally
from tests.projections.world import DAY, World

DEALS = tuple(f"D-{number}" for number in range(5))

levels = st.sampled_from(((Level(1_000, 1_500), Level(9_000, 2_000)), (Level(2, 2_500),)))
tiers = st.builds(
    lambda levels, period, apply: Tiers(
        levels, "count" if levels[0].threshold == 2 else "amount", period, apply
    ),
    levels,
    st.sampled_from(("lifetime", "month", "quarter", "year")),
    st.sampled_from(("onward", "retroactive")),
)
rules = st.builds(
    lambda name, type, amount, unit, adds, tiers, collects: Rule(
        name,
        "sale",
        type,
        amount,
        "" if type == "margin" else unit,
        adds and type != "margin",
        tiers=None if type == "margin" else tiers,
        collects=collects if type == "margin" else "program",
    ),
    st.sampled_from(("first", "second")),
    st.sampled_from(("percentage", "flat", "margin")),
    st.integers(1, 4_000),
    st.sampled_from(("", "", "acme:points")),
    st.booleans(),
    st.one_of(st.none(), tiers),
    st.sampled_from(("program", "partner")),
)
terms = st.builds(
    dict,
    rules=st.lists(rules, min_size=1, max_size=2, unique_by=lambda rule: rule.name).map(tuple),
    bonuses=st.sampled_from(
        (
            (),
            (Bonus("many", 2, 777, measure="count", period="month"),),
            (Bonus("much", 5_000, 50, currency="acme:points"), Bonus("usd", 1, 99, currency="USD")),
        )
    ),
    caps=st.sampled_from(((), (Cap("month", "partner", 900, "month"), Cap("deal", "deal", 700)))),
    overrides=st.sampled_from(((), (Override("above", 1, "sale", "percentage", 333),))),
    hold_days=st.sampled_from((0, 7)),
    review_above=st.sampled_from((0, 500)),
)
operations = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(
        st.just("deal"),
        st.sampled_from(DEALS),
        st.integers(1, 20_000),
        st.sampled_from(("EUR", "JPY")),
        st.sampled_from(("carol", "dave")),
    ),
    st.tuples(st.just("refund"), st.sampled_from(DEALS), st.integers(1, 9_000)),
    st.tuples(st.sampled_from(("held", "released", "rejected")), st.sampled_from(DEALS)),
    st.tuples(st.just("adjusted"), st.sampled_from(DEALS), st.integers(-300, 900)),
)


def given_world(fields: dict[str, Any], unit: str) -> World:
    world = World()
    world.program()
    for partner in ("alice", "bob"):
        world.partner(partner)
    world.decide(fact.PartnerRecruited("alice", "acme", "bob"))
    rates = {"USD": "1.0837", "JPY": "163.41", "KWD": "0.3319"}
    for day in ("2026-01-01", "2026-01-08", "2026-01-15"):
        world.decide(fact.RatesSet("bank", day, "EUR", rates))
    world.decide(fact.TermsAdded("acme", Terms(1, 0, engine="2", **fields)))
    if unit != "EUR":
        world.decide(fact.PartnerCurrencySet("alice", unit))
    return world


def review(world: World, step: str, deal: str, partner: str, via: str, amount: int = 0) -> None:
    said = ("acme", partner, deal, "")
    if step == "adjusted":
        world.decide(fact.CommissionAdjusted(*said, amount, "why", via, "eve"))
        return
    shape = {
        "held": fact.CommissionHeld,
        "released": fact.CommissionReleased,
        "rejected": fact.CommissionRejected,
    }[step]
    world.decide(shape(*said, "why", via, "eve"))


def happen(world: World, operation: tuple[Any, ...], left: dict[str, list[Any]]) -> None:
    world.now += 1_000
    kind, *more = operation
    if kind == "wait":
        world.now += more[0] * DAY // 8
    elif kind == "deal":
        deal, amount, currency, customer = more
        if deal not in left:
            world.deal(deal, customer, amount, partner="alice", currency=currency)
            left[deal] = [customer, amount, currency]
    elif kind == "refund":
        deal, amount = more
        if deal in left and left[deal][1]:
            customer, rest, currency = left[deal]
            amount = min(amount, rest)
            world.refund(customer, amount, deal=deal, currency=currency)
            left[deal][1] = rest - amount
    else:
        review(world, kind, more[0], "alice", "", *more[1:])


def trial(entries: list[Entry]) -> dict[tuple[str, str, str], int]:
    """(partner, account, unit) → balance, those that are not zero."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for entry in entries:
        by_unit: dict[str, int] = defaultdict(int)
        for leg in entry.legs:
            unit = leg.unit or entry.unit
            by_unit[unit] += leg.amount
            sums[entry.partner, leg.account, unit] += leg.amount
        assert not any(by_unit.values()), f"{entry} does not balance"
        for unit, stated in {entry.unit: entry.balance, **entry.balances}.items():
            if stated is not None:
                assert stated.payable == sums[entry.partner, "payable", unit]
    return {key: sum for key, sum in sums.items() if sum}


def never_below_zero(world: World) -> None:
    for account in world.accounts.values():
        for funds in account.funds.values():
            assert all(amount > 0 for amount in funds.holds.values()), funds


@given(
    terms,
    st.sampled_from(("EUR", "EUR", "USD", "KWD", "JPY")),
    st.lists(operations, min_size=3, max_size=25),
)
def test_all_that_is_refunded_or_rejected_nets_to_zero(
    fields: dict[str, Any], unit: str, life: list[tuple[Any, ...]]
) -> None:
    world, left = given_world(fields, unit), {}
    for operation in life:
        happen(world, operation, left)
        never_below_zero(world)
    trial(world.entries)
    for number, (deal, (customer, rest, currency)) in enumerate(left.items()):
        world.now += 1_000
        if number % 2:
            review(world, "released", deal, "alice", "")
        if rest and number % 3:
            world.refund(customer, rest, deal=deal, currency=currency)
        else:
            review(world, "rejected", deal, "alice", "")
            review(world, "rejected", deal, "bob", "alice")
        never_below_zero(world)
    assert trial(world.entries) == {}
    for item in world.items.values():
        if isinstance(item, Tally):
            assert item.counters == {}
        if isinstance(item, BookedReward):
            assert all(line.left == 0 for line in item.lines)
    for account in world.accounts.values():
        for funds in account.funds.values():
            assert funds.payable == 0 and HELD not in funds.holds


@given(
    terms,
    st.sampled_from(("EUR", "USD")),
    st.lists(operations, min_size=3, max_size=15),
)
def test_states_that_went_through_their_bytes_book_the_same(
    fields: dict[str, Any], unit: str, life: list[tuple[Any, ...]]
) -> None:
    logs = []
    for reload in (False, True):
        world, left = given_world(fields, unit), {}
        world.reload = reload
        for operation in life:
            happen(world, operation, left)
        logs.append(world.journal)
    assert logs[0] == logs[1]
