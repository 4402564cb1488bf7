"""The log holds duplicates and late repeats; the folds of all readers are the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import topics
from events.attributions import Attribution
from events.codec import decode, encode
from events.conversions import Deal
from events.first_wins import Dense, Verdict
from events.journal import Entry
from projections import account, attribution
from tests.projections.operations import given_world, happen, holds, live, lives
from tests.projections.world import START, World, post


def with_repeats(log: list[bytes], draw: st.DrawFn) -> list[bytes]:
    """The log with stale runs in it: after some records, an earlier stretch comes again, as a
    worker writes that was stopped, restarted or replaced."""
    noisy: list[bytes] = []
    for written, value in enumerate(log, 1):
        noisy.append(value)
        if draw(st.integers(0, 3)) == 0:
            start = draw(st.integers(0, written - 1))
            noisy += log[start : draw(st.integers(start, written))]
    return noisy


@st.composite
def noisy_worlds(draw: st.DrawFn) -> tuple[World, dict[str, dict[int, list[bytes]]]]:
    world = live(given_world(draw(holds)), draw(lives))
    logs = {
        topic: {partition: with_repeats(log, draw) for partition, log in clean.items()}
        for topic, clean in (
            (topics.ATTRIBUTIONS, world.attributions),
            (topics.INSTRUCTIONS, world.instructions),
            (topics.JOURNAL, world.journal),
        )
    }
    return world, logs


@given(noisy_worlds())
def test_folds_of_logs_with_stale_repeats_equal_the_folds_without(
    drawn: tuple[World, dict[str, dict[int, list[bytes]]]],
) -> None:
    world, logs = drawn
    customers: dict[str, attribution.Customer] = {}
    for log in logs[topics.ATTRIBUTIONS].values():
        dense = Dense()
        for value in log:
            found: Attribution = decode(topics.ATTRIBUTIONS, value)
            if dense.judge(found.source, found.n) is Verdict.ACCEPTED:
                key = attribution.customer_key(found.program, found.customer)
                customers[key] = attribution.evolve(customers.get(key), found)
    assert customers == world.customers

    accounts: dict[str, account.Account] = {}
    items: dict[tuple[str, str], account.Item] = {}
    for log in logs[topics.JOURNAL].values():
        dense = Dense()
        for value in log:
            entry: Entry = decode(topics.JOURNAL, value)
            # one stream: entry.n is the place of the accepted instruction in its partition
            if dense.judge("instructions/0/0", entry.n) is Verdict.ACCEPTED:
                post(accounts, items, value)
    assert accounts == world.accounts
    assert items == world.items


@given(noisy_worlds())
def test_instructions_written_again_are_booked_once(
    drawn: tuple[World, dict[str, dict[int, list[bytes]]]],
) -> None:
    world, logs = drawn
    again = given_world(0)
    again.directory, again.now = world.directory, world.now
    for partition, log in logs[topics.INSTRUCTIONS].items():
        for value in log:
            again.instruct(partition, value)
    booked = [(entry.partner, entry.conversion, entry.payout) for entry in again.entries]
    first = [(entry.partner, entry.conversion, entry.payout) for entry in world.entries]
    assert sorted(booked) == sorted(first)


@given(lives, holds, st.data())
def test_events_sent_again_change_no_balance(
    life: list[Any], hold: int, data: st.DataObject
) -> None:
    """A client repeats any event, now or much later: the ledger is the one without."""
    clean, noisy = given_world(hold), given_world(hold)
    for operation in life:
        happen(clean, operation)
        happen(noisy, operation)
        sent = [value for log in clean.conversions.values() for value in log]
        if sent and data.draw(st.booleans()):
            repeat = decode(topics.CONVERSIONS, data.draw(st.sampled_from(sent)))
            assert noisy.record(repeat) == []
            assert noisy.last is not None
            assert noisy.last.outcome in ("duplicate", "conflict")
    assert {name: state.funds for name, state in noisy.accounts.items()} == {
        name: state.funds for name, state in clean.accounts.items()
    }
    assert [_said(entry) for entry in noisy.entries] == [_said(entry) for entry in clean.entries]


def _said(entry: Entry) -> bytes:
    return encode((entry.partner, entry.kind, entry.legs, entry.balance, entry.event_id))


@given(lives, holds)
def test_what_a_fold_is_given_it_leaves_as_it_was(life: list[Any], hold: int) -> None:
    world = given_world(hold)
    for operation in life:
        before = (dict(world.customers), dict(world.accounts), dict(world.items))
        pictures = [encode(list(states.values())) for states in before]
        happen(world, operation)
        assert [encode(list(states.values())) for states in before] == pictures


@pytest.mark.parametrize("field", ["amount", "occurred_at"])
def test_a_number_no_state_can_hold_is_unreadable(field: str) -> None:
    """Taken for readable, it would stop every worker that meets it, again and again."""
    deal = Deal("acme", "carol", "E-1", "D-1", 100, "EUR", START, 0)
    forged = encode(deal).replace(f'"{field}":'.encode(), f'"{field}":1{"0" * 30}'.encode())
    assert decode(topics.CONVERSIONS, encode(deal)) == deal
    with pytest.raises(msgspec.ValidationError):
        decode(topics.CONVERSIONS, forged)
