"""What must hold of rewards under any terms, whatever happens."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.codec import encode
from events.journal import HELD, Entry
from events.terms import Rule, Terms
from projections import account
from projections.tally import Tally
from tests.projections.world import DAY, post
from tests.rewards.books import Book
from tests.rewards.lives import (
    CUSTOMERS,
    PARTNERS,
    Living,
    corrections,
    full_lives,
    operations,
)
from tests.rewards.schemes import schemes
from tests.rewards.test_model import booked

undone_lives = st.lists(st.one_of(operations, operations, corrections), min_size=6, max_size=30)


def live(scheme: Any, life: list[Any], *, reload: bool = False) -> Living:
    world = Living(scheme, reload=reload)
    for operation in life:
        world.happen(operation)
    return world


@given(schemes(), full_lives)
def test_every_entry_sums_to_zero_and_states_the_balances_of_a_naive_book(
    scheme: Any, life: list[Any]
) -> None:
    world, book = Living(scheme), Book()
    for operation in life:
        for entry in world.happen(operation):
            book.book(entry)
            stated = dict(entry.balances)
            if entry.balance is not None:
                stated[entry.unit] = entry.balance
            for unit, balance in stated.items():
                assert balance == book.balance(entry.partner, unit, entry.at), entry
            moved = {leg.unit or entry.unit for leg in entry.legs if leg.account == "payable"}
            assert moved <= set(stated), f"a balance is not stated: {entry}"
    for partner in PARTNERS:
        state = world.accounts.get(partner)
        for unit in book.units(partner):
            for at in (world.now, world.now + 5 * DAY, world.now + 400 * DAY):
                pending = account.pending(state, "acme", unit, at)
                assert pending == book.pending(partner, unit, at)
                assert pending >= 0, "what is pending was earned"
                available = account.available(state, "acme", unit, at)
                assert available == book.available(partner, unit, at)


@given(schemes(), full_lives)
def test_available_is_never_spent_twice(scheme: Any, life: list[Any]) -> None:
    world, book = Living(scheme), Book()
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for operation in life:
        for entry in world.happen(operation):
            partner, unit = entry.partner, entry.unit
            before = book.available(partner, unit, entry.at)
            book.book(entry)
            gross = -sum(leg.amount for leg in entry.legs if leg.account == "payable")
            if entry.kind == "payout_funded":
                assert 0 < gross <= before, f"pays {gross} of {before}: {entry}"
                taken[partner, unit] += gross
            elif entry.kind in ("payout_failed", "payout_returned"):
                taken[partner, unit] += gross
    for (partner, unit), gross in taken.items():
        kept = ("in_transit", "paid", "withholding", "fees")
        assert gross == sum(book.total(partner, unit, account) for account in kept)


@given(schemes(), undone_lives)
def test_when_all_is_refunded_every_account_and_counter_nets_to_zero(
    scheme: Any, life: list[Any]
) -> None:
    world, book = live(scheme, life), Book()
    world.undo()
    for entry in world.entries:
        book.book(entry)
    left = {key: amount for key, amount in book.totals.items() if amount}
    assert not left, f"left over: {left}"
    pending = {key: amount for key, amount in book.pending_until.items() if key[2] == HELD}
    assert not any(pending.values()), f"still waiting: {pending}"
    counted = {key: amount for key, amount in book.counters.items() if amount}
    assert not counted, f"still counted: {counted}"
    for item in world.items.values():
        assert not isinstance(item, Tally) or not item.counters, item


@given(schemes(), full_lives)
def test_the_same_input_gives_the_same_bytes_also_after_restarts(
    scheme: Any, life: list[Any]
) -> None:
    one, other = live(scheme, life), live(scheme, life, reload=True)
    assert one.attributions == other.attributions
    assert one.instructions == other.instructions
    assert one.journal == other.journal
    assert encode(one.accounts) == encode(other.accounts)
    assert list(one.items) == list(other.items)
    assert encode(list(one.items.values())) == encode(list(other.items.values()))


@given(schemes(), full_lives)
def test_states_folded_from_the_journal_alone_are_those_of_the_run(
    scheme: Any, life: list[Any]
) -> None:
    world = live(scheme, life)
    accounts: dict[str, account.Account] = {}
    items: dict[tuple[str, str], account.Item] = {}
    for partition in world.journal.values():
        for value in partition:
            post(accounts, items, value)
    assert accounts == world.accounts
    assert items == world.items


@given(schemes(), full_lives, st.randoms(use_true_random=False))
def test_no_order_of_repeats_changes_anything(scheme: Any, life: list[Any], chance: Any) -> None:
    """Conversions come again, and instructions come again out of order; nothing is booked that
    was not booked without them."""
    plain, noisy = live(scheme, life), Living(scheme)
    for operation in life:
        noisy.happen(operation)
        known = [(n, value) for n, log in noisy.instructions.items() for value in log]
        for partition, value in chance.sample(known, min(len(known), 3)):
            assert noisy.instruct(partition, value) == []
        if noisy.recorded:
            again = chance.choice(noisy.recorded)
            assert noisy.record(again) == []
            assert noisy.last is not None and noisy.last.outcome == "duplicate"
    assert [_gist(entry) for entry in plain.entries] == [_gist(entry) for entry in noisy.entries]


def _gist(entry: Entry) -> Any:
    """What an entry says but for positions, which repeats move."""
    return (
        entry.partner,
        entry.kind,
        booked(entry),
        entry.balance,
        entry.balances,
        entry.counters,
        entry.hold,
        entry.notes,
        entry.available_at,
    )


def _one_partner_kept(terms: Terms, attribution: str) -> dict[str, Any]:
    """The scheme with rules that do not depend on a partner's past."""
    rules = tuple(
        Rule(
            **{
                name: getattr(rule, name)
                for name in Rule.__struct_fields__
                if name not in ("tiers", "modifiers")
            },
            modifiers=tuple(one for one in rule.modifiers if one.attribute != "method"),
        )
        for rule in terms.rules
    )
    caps = tuple(cap for cap in terms.caps if cap.scope == "deal")
    kept = Terms(1, 0, rules, attribution, hold_days=0, engine="2", caps=caps)  # type: ignore[arg-type]
    return {"terms": [kept], "unit": "", "foreign": True, "currency": "EUR"}


@given(
    schemes(foreign=False, versions=1),
    st.lists(st.sampled_from(PARTNERS), min_size=2, max_size=9),
    st.sampled_from(("linear", "position_based")),
    st.integers(1, 50_000),
    st.sampled_from(("", "USD")),
    st.sampled_from(((), (("shoe", "toys", 33), ("ball", "", 33), ("book", "wear", 24)))),
)
def test_the_parts_of_a_split_add_up_to_what_one_partner_earns(
    scheme: Any, partners: list[str], attribution: str, amount: int, currency: str, cart: Any
) -> None:
    earned = []
    for touches in (partners, partners[-1:]):
        world = Living(_one_partner_kept(scheme["terms"][0], attribution))
        sale = (CUSTOMERS[0], amount, "sale", "", currency, cart, "DE", "", 0)
        for partner in touches:
            world.happen(("signup", CUSTOMERS[0], f"@{partner}", "DE"))
        world.happen(("deal", *sale))
        total: dict[Any, int] = defaultdict(int)
        for entry in world.entries:
            if entry.deal:
                for key, gain in booked(entry).items():
                    total[key] += gain
        shares = sum(entry.share for entry in world.entries if entry.deal)
        assert shares == 10_000
        earned.append({key: gain for key, gain in total.items() if gain})
    shared, alone = earned
    if not scheme["terms"][0].caps:
        assert shared == alone
    # A cap is split as the deal is: where both are rounded a cent may go to neither.
    for key in {*shared, *alone}:
        lost = abs(alone.get(key, 0)) - abs(shared.get(key, 0))
        assert 0 <= lost < len(partners), f"{key}: {shared} {alone}"
