"""Statements: the closing balance is the next opening one, and the entries are one chain."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import encode
from events.journal import HELD, Balance, Entry, Leg
from events.position import Record
from projections.posted import Cut, Posted, accepted
from projections.statement import NotOneChain, Statement, Sums, statement
from tests.projections.operations import PARTNERS, given_world, holds, live, lives
from tests.projections.world import DAY, START, World

FAR = 2**62


def journal(world: World, partition: int) -> list[Posted]:
    """The accepted entries of a partition, with a repeat and a broken record in between."""
    values = list(world.journal[partition])
    values[1:1] = [values[0], b"{"] if values else []
    return list(
        accepted(
            Record("journal", partition, offset, 0, b"k", value)
            for offset, value in enumerate(values)
        )
    )


def account(world: World, partner: str) -> list[Posted]:
    [found] = [
        entries
        for partition in range(2)
        if (entries := [p for p in journal(world, partition) if p.entry.partner == partner])
    ] or [[]]
    return found


def made(entries: list[Posted], partner: str, starts: int, ends: int, **more: int) -> Statement:
    moments = {"opened_at": 0, "closed_at": FAR} | more
    return statement(entries, partner, "acme", starts=starts, ends=ends, **moments)


@given(lives, holds, st.lists(st.integers(0, 70), max_size=4), st.data())
def test_the_closing_balance_is_the_next_opening_balance(
    life: list[Any], hold: int, cuts: list[int], data: Any
) -> None:
    world = live(given_world(hold), life)
    for partner in PARTNERS:
        entries = account(world, partner)
        bounds = [0, *sorted(cuts), 100]
        moments = [START, *sorted(data.draw(st.integers(0, 400)) * DAY + START for _ in cuts), FAR]
        whole = made(entries, partner, 0, 100)
        parts = [
            made(entries, partner, *span, opened_at=at, closed_at=later)
            for span, at, later in zip(pairwise(bounds), moments, moments[1:], strict=False)
        ]
        for one, following in pairwise(parts):
            closing = {section.unit: section.closing for section in one.sections}
            for section in following.sections:
                assert section.opening == closing.get(section.unit, Sums())
            assert one.closing_head == following.opening_head
        assert parts[-1].closing_head == whole.closing_head
        for section in whole.sections:
            of = [s for part in parts for s in part.sections if s.unit == section.unit]
            assert [line for s in of for line in s.lines] == section.lines
            assert sum(line.amount for line in section.lines) == section.closing.payable
        assert sum(part.entries for part in parts) == whole.entries == len(entries)


@given(lives, holds)
def test_a_statement_says_what_posting_says(life: list[Any], hold: int) -> None:
    world = live(given_world(hold), life)
    for partner in PARTNERS:
        entries = account(world, partner)
        for place, posted in enumerate(entries):
            stated = posted.entry.balance
            if stated is None:
                continue
            until = made(entries[: place + 1], partner, 0, FAR, closed_at=posted.entry.at)
            section = until.sections[0] if until.sections else None
            shown = section.closing if section else Sums()
            assert (shown.payable, shown.pending) == (stated.payable, stated.pending)
            assert (shown.in_transit, shown.paid) == (stated.in_transit, stated.paid)
            assert until.closing_head.sha256 == posted.sha256


@given(lives, st.integers(0, 100))
def test_a_changed_entry_breaks_the_chain_of_what_follows(life: list[Any], place: int) -> None:
    world = live(given_world(0), life)
    entries = account(world, "alice")
    if len(entries) < 2:
        return
    place %= len(entries) - 1
    entry = entries[place].entry
    changed = msgspec.structs.replace(entry, reason=entry.reason + "!")
    entries[place] = entries[place]._replace(entry=changed, value=encode(changed))
    with pytest.raises(NotOneChain, match=entries[place + 1].position):
        made(entries, "alice", 0, FAR)


def chain(*entries: Entry) -> list[Posted]:
    """Entries of one partner, chained as posting chains them."""
    posted: list[Posted] = []
    for n, entry in enumerate(entries):
        previous = posted[-1].sha256 if posted else ""
        linked = msgspec.structs.replace(
            entry, n=n, source=f"instructions/0/{n}", previous=previous
        )
        posted.append(Posted(0, n, linked, encode(linked)))
    return posted


def booked(kind: Any, *legs: Leg, **fields: Any) -> Entry:
    at = fields.pop("at", 1000)
    return Entry(0, "", "jane", at, kind, "acme", fields.pop("unit", "EUR"), legs, **fields)


def test_points_and_money_have_a_section_each() -> None:
    sold = booked(
        "commission",
        Leg("commissions", -500, rule="sale"),
        Leg("payable", 500, rule="sale", available_at=9000),
        Leg("commissions", -7, "acme:points", "thanks"),
        Leg("payable", 7, "acme:points", "thanks", HELD),
        engine="2",
        deal="D-1",
        balance=Balance(500, 500, 0, 0),
        balances={"acme:points": Balance(7, 7, 0, 0)},
    )
    money, points = made(chain(sold), "jane", 0, 1, closed_at=9000).sections
    assert (money.unit, points.unit) == ("EUR", "acme:points")
    assert money.closing == Sums(payable=500, available=500)
    assert points.closing == Sums(payable=7, pending=7)
    [line] = points.lines
    assert (line.amount, line.rules, line.deal) == (7, ("thanks",), "D-1")
    before = made(chain(sold), "jane", 0, 1, closed_at=8999).sections[0]
    assert before.closing == Sums(payable=500, pending=500)


def test_what_a_payout_keeps_is_shown() -> None:
    paid = booked(
        "payout_funded",
        Leg("payable", -1000),
        Leg("in_transit", 850),
        Leg("withholding", 100),
        Leg("fees", 50),
        engine="2",
        payout="po-1",
    )
    [section] = made(chain(paid), "jane", 0, 1).sections
    assert section.closing == Sums(
        payable=-1000, available=-1000, in_transit=850, fees=50, withholding=100
    )
    assert (section.lines[0].fees, section.lines[0].withholding) == (50, 100)


def test_an_entry_that_states_another_balance_is_refused() -> None:
    wrong = booked("adjustment", Leg("commissions", -5), Leg("payable", 5), engine="2",
                   balance=Balance(6, 0, 0, 0))  # fmt: skip
    with pytest.raises(NotOneChain, match="journal/0/0 states"):
        made(chain(wrong), "jane", 0, 1)


def test_what_moved_nothing_is_shown_with_its_reason_and_a_sent_payout_as_a_line() -> None:
    entries = chain(
        booked("commission", Leg("commissions", -5), Leg("payable", 5)),
        booked("no_effect", unit="", reason="no_rule", deal="D-2"),
        booked("payout_sent", payout="po-1"),
        booked("payout_refused", payout="po-2", reason="minimum 50.00 EUR"),
    )
    found = made(entries, "jane", 0, 9)
    assert [line.kind for line in found.sections[0].lines] == ["commission", "payout_sent"]
    assert [line.reason for line in found.without_effect] == ["no_rule", "minimum 50.00 EUR"]
    assert found.entries == 4


def test_other_programs_are_in_the_chain_and_not_in_the_sums() -> None:
    entries = chain(
        booked("commission", Leg("commissions", -5), Leg("payable", 5)),
        msgspec.structs.replace(
            booked("commission", Leg("commissions", -9), Leg("payable", 9)), program="beta"
        ),
    )
    found = made(entries, "jane", 0, 9)
    assert found.sections[0].closing.payable == 5
    assert found.closing_head.position == "journal/0/1"


def test_a_moment_becomes_the_position_of_the_first_entry_not_before_it() -> None:
    entries = [p._replace(entry=msgspec.structs.replace(p.entry, at=at)) for p, at in zip(
        chain(*[booked("commission")] * 3), (10, 20, 20), strict=True)]  # fmt: skip
    for at, offset in ((5, 0), (10, 0), (11, 1), (20, 1), (21, 3)):
        cut = Cut(at)
        for posted in entries:
            cut.see(posted)
        assert cut.offset(3) == offset
