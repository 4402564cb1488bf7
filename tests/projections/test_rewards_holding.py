"""A commission that a person holds counts for nothing, and comes back as it was.

Random terms and lives, as for refunds: after each, every commission is held and released with
nothing between. Balances, what is pending until when, and counters are then as before; while it
is held, what is owed in all is the same, and nothing became available by it.
"""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from events.terms import Bonus, Level, Rule, Tiers
from projections.balance import pending_in
from projections.booked_reward import BookedReward
from projections.tally import Tally
from tests.projections.test_rewards_unwinding import (
    given_world,
    happen,
    never_below_zero,
    operations,
    review,
    terms,
    trial,
)
from tests.projections.world import DAY, World

Money = dict[str, tuple[int, dict[int, int]]]


def money(world: World, partner: str) -> Money:
    """By program and unit what is owed, and what of it is pending until when."""
    account = world.accounts.get(partner)
    return {
        key: (
            funds.payable,
            {until: sum for until, sum in funds.holds.items() if until > world.now},
        )
        for key, funds in (account.funds if account else {}).items()
        if funds.payable or funds.holds
    }


def counters(world: World) -> list[dict[str, int]]:
    return [item.counters for item in world.items.values() if isinstance(item, Tally)]


def available(world: World, partner: str) -> dict[str, int]:
    account = world.accounts.get(partner)
    return {
        key: funds.payable - pending_in(funds, world.now)
        for key, funds in (account.funds if account else {}).items()
    }


@given(
    terms,
    st.sampled_from(("EUR", "EUR", "USD", "JPY")),
    st.lists(operations, min_size=3, max_size=20),
)
def test_held_and_released_with_nothing_between_all_is_as_before(
    fields: dict[str, Any], unit: str, life: list[tuple[Any, ...]]
) -> None:
    for rule in fields["rules"]:  # a rate that falls makes the others' part greater meanwhile
        assume(rule.tiers is None or rule.amount <= rule.tiers.levels[0].amount)
    # A full cap may cut a minor unit: refunds in parts round it by line, and its counter as one.
    fields = {**fields, "caps": ()}
    world, left = given_world(fields, unit), {}
    for operation in life:
        happen(world, operation, left)
    for partner, via in (("alice", ""), ("bob", "alice")):
        for deal in left:
            world.now += 1_000
            before, counted = money(world, partner), counters(world)
            free = available(world, partner)
            review(world, "held", deal, partner, via)
            if world.entries[-1].kind == "no_effect":
                continue
            assert {key: owed for key, (owed, _) in money(world, partner).items()} == {
                key: owed for key, (owed, _) in before.items()
            }
            for key, sum in available(world, partner).items():
                assert sum <= free.get(key, 0)
            never_below_zero(world)
            review(world, "released", deal, partner, via)
            assert world.entries[-1].kind == "released"
            assert money(world, partner) == before
            assert counters(world) == counted
    trial(world.entries)


def retroactive_world() -> World:
    fields = {
        "rules": (
            Rule(
                "sale",
                "sale",
                "percentage",
                1_000,
                tiers=Tiers((Level(2, 2_000),), "count", "lifetime", "retroactive"),
            ),
        ),
        "bonuses": (Bonus("two", 2, 50_00, measure="count", period="lifetime"),),
        "hold_days": 30,
    }
    return given_world(fields, "EUR")


def test_what_a_held_deal_had_raised_waits_with_it() -> None:
    world, left = retroactive_world(), {}
    happen(world, ("deal", "D-0", 100_00, "EUR", "carol"), left)
    world.now += 10 * DAY
    happen(world, ("deal", "D-1", 100_00, "EUR", "carol"), left)
    world.now += 60 * DAY
    assert available(world, "alice") == {"acme/EUR": 90_00}
    review(world, "held", "D-0", "alice", "")
    assert available(world, "alice") == {"acme/EUR": 10_00}, "D-1 alone, at the lower rate"
    [held] = [
        item for item in world.items.values() if isinstance(item, BookedReward) and item.status
    ]
    assert sorted((line.rule, line.owed) for line in held.lines) == [
        ("sale", 30_00),
        ("two", 50_00),
    ]
    review(world, "rejected", "D-0", "alice", "")
    assert available(world, "alice") == {"acme/EUR": 10_00}
