"""What must hold of money, whatever happens."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.codec import encode
from projections import account
from projections.money import round_half_away
from tests.projections.operations import (
    PARTNERS,
    NaiveBook,
    given_world,
    happen,
    holds,
    live,
    lives,
)
from tests.projections.world import DAY


@given(lives, holds)
def test_legs_sum_to_zero_and_balances_are_those_of_a_naive_book(
    life: list[Any], hold: int
) -> None:
    world, book = given_world(hold), NaiveBook()
    for operation in life:
        for entry in happen(world, operation):
            assert sum(leg.amount for leg in entry.legs) == 0
            book.book(entry)
            if entry.balance is None:
                assert entry.kind == "no_effect" and not entry.legs
                continue
            stated = entry.balance
            assert stated.payable == book.total(entry.partner, "payable", entry.unit)
            assert stated.pending == book.pending(entry.partner, entry.at, entry.unit)
            assert stated.in_transit == book.total(entry.partner, "in_transit", entry.unit)
            assert stated.paid == book.total(entry.partner, "paid", entry.unit)
    for partner in PARTNERS:
        state = world.accounts.get(partner)
        for at in (world.now, world.now + 3 * DAY, world.now + 100 * DAY):
            assert account.pending(state, "acme", "EUR", at) == book.pending(partner, at)
            assert account.available(state, "acme", "EUR", at) == book.available(partner, at)
    assert sum(book.totals.values()) == 0, "a trial balance over all accounts is zero"


@given(lives, holds)
def test_available_is_never_spent_twice(life: list[Any], hold: int) -> None:
    """A payout takes no more than was available before it, and in transit and paid together
    are never more than what was earned and not taken back before the money left."""
    world, book = given_world(hold), NaiveBook()
    out = dict.fromkeys(PARTNERS, 0)
    for operation in life:
        for entry in happen(world, operation):
            partner = entry.partner
            before = book.available(partner, entry.at)
            book.book(entry)
            moved = {leg.account: leg.amount for leg in entry.legs}
            if entry.kind == "payout_funded":
                assert 0 < moved["in_transit"] <= before
                out[partner] += moved["in_transit"]
            elif entry.kind == "payout_failed":
                out[partner] += moved["in_transit"]
            elif entry.kind != "clawback":
                assert moved.get("payable", 0) >= 0, "only payouts and clawbacks take"
            assert out[partner] == book.total(partner, "in_transit") + book.total(partner, "paid")
            if before >= 0 and entry.kind != "clawback":
                assert book.available(partner, entry.at) >= 0, "negative by a clawback only"


@given(
    amount=st.integers(1, 100_000),
    cuts=st.lists(st.integers(1, 99_999), max_size=12),
    hold=holds,
    waits=st.lists(st.integers(0, 4), min_size=13, max_size=13),
    named=st.booleans(),
    paid_out=st.booleans(),
)
def test_a_fully_refunded_deal_nets_to_zero_at_any_sequence_of_partial_refunds(
    amount: int, cuts: list[int], hold: int, waits: list[int], named: bool, paid_out: bool
) -> None:
    world, book = given_world(hold), NaiveBook()
    entries = world.deal("D-1", "carol", amount, click=world.click("alice-link"))
    if paid_out:
        world.now += (hold + 1) * DAY
        entries += world.payout("requested", "po-1", "alice")
        entries += world.payout("settled", "po-1", "alice")
    bounds = [0, *sorted(cut for cut in set(cuts) if cut < amount), amount]
    refunded = 0
    commission = round_half_away(amount * 1_234, 10_000)
    for start, end, wait in zip(bounds, bounds[1:], waits, strict=False):
        world.now += 1_000 + wait * DAY
        deal = "D-1" if named else ""
        given = world.refund("carol", end - start, deal=deal)
        entries += given
        refunded = end
        taken = -sum(leg.amount for e in given for leg in e.legs if leg.account == "payable")
        assert 0 <= taken <= commission
    for entry in entries:
        book.book(entry)
    assert refunded == amount
    assert book.earned_by_deal["alice", "D-1"] == 0
    owed = book.total("alice", "payable")
    assert owed == -book.total("alice", "paid"), "what was paid out is owed back, to the cent"
    if commission:
        funds = world.accounts["alice"].funds["acme/EUR"]
        assert all(left >= 0 for left in funds.holds.values())


@given(lives, holds)
def test_the_same_input_gives_the_same_bytes_also_after_restarts(
    life: list[Any], hold: int
) -> None:
    one = live(given_world(hold), life)
    other = live(given_world(hold, reload=True), life)
    assert one.attributions == other.attributions
    assert one.instructions == other.instructions
    assert one.journal == other.journal
    assert encode(one.customers) == encode(other.customers)
    assert encode(one.accounts) == encode(other.accounts)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**9))
def test_rounding_is_to_the_nearest_and_halves_go_away_from_zero(
    numerator: int, denominator: int
) -> None:
    exact, rounded = Fraction(numerator, denominator), round_half_away(numerator, denominator)
    distance = abs(exact - rounded)
    assert distance <= Fraction(1, 2)
    if distance == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert round_half_away(-numerator, denominator) == -rounded
