"""Invoices: the sum of all of them is the journal, whatever arrives late."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from events.codec import encode
from events.journal import Entry, Leg
from projections.invoice import SHOWN, Billing, Invoice
from projections.posted import Cut, Posted
from tests.projections.operations import given_world, holds, live, lives
from tests.projections.test_statements import booked, journal
from tests.projections.world import DAY, START, World

PARTITIONS = ("0", "1")


def invoice(world: World, starts: dict[str, int], closes: int | None) -> Invoice:
    """The invoice from `starts` up to the moment, or up to the end."""
    billing, ends = Billing("acme"), {}
    for name in PARTITIONS:
        entries = journal(world, int(name))
        cut = Cut(2**62 if closes is None else closes)
        for posted in entries:
            cut.see(posted)
        end = entries[-1].offset + 1 if entries else 0
        ends[name] = max(starts[name], cut.offset(end))
        for posted in entries:
            if starts[name] <= posted.offset < ends[name]:
                billing.take(posted)
    return billing.invoice(starts, ends)


def cost(entries: list[Entry]) -> Counter[tuple[str, str, str]]:
    """What the journal says the program owes: (partner, unit, kind) → minor units."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        for leg in entry.legs:
            if leg.account == "commissions":
                sums[entry.partner, leg.unit or entry.unit, entry.kind] -= leg.amount
    return sums


def billed(*invoices: Invoice) -> Counter[tuple[str, str, str]]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for made in invoices:
        totals: Counter[str] = Counter()
        for line in made.lines:
            if line.account == "commissions":
                sums[line.partner, line.unit, line.kind] += line.amount
                totals[line.unit] += line.amount
        assert totals == made.totals
    return sums


@given(lives, holds, st.lists(st.integers(0, 300), max_size=5))
def test_the_sum_of_all_invoices_is_the_journal(
    life: list[Any], hold: int, days: list[int]
) -> None:
    world = live(given_world(hold), life)
    starts, made = dict.fromkeys(PARTITIONS, 0), []
    for closes in [*(START + day * DAY for day in sorted(days)), None]:
        made.append(invoice(world, starts, closes))
        starts = made[-1].ends
    assert billed(*made) == cost(world.entries)
    assert sum(one.entries for one in made) == len(world.entries)
    for one, following in pairwise(made):
        assert one.ends == following.starts


@given(lives, lives, holds)
def test_what_is_booked_after_an_invoice_is_on_the_next_one(
    before: list[Any], later: list[Any], hold: int
) -> None:
    """An invoice is issued at the journal's end; entries that still come in are not lost, even
    those of the month that was billed."""
    world = live(given_world(hold), before)
    month_is_over = world.now + 10_000 * DAY
    first = invoice(world, dict.fromkeys(PARTITIONS, 0), month_is_over)
    assert billed(first) == cost(world.entries)
    live(world, later)
    second = invoice(world, first.ends, month_is_over)
    assert billed(first, second) == cost(world.entries)


@given(lives, st.integers(0, 300))
def test_all_that_is_billed_was_booked_before_the_month_ended(life: list[Any], day: int) -> None:
    world = live(given_world(0), life)
    made = invoice(world, dict.fromkeys(PARTITIONS, 0), START + day * DAY)
    for name in PARTITIONS:
        for posted in journal(world, int(name)):
            assert (posted.offset < made.ends[name]) == (posted.entry.at < START + day * DAY)


def test_units_kinds_and_what_resellers_took_have_lines_of_their_own() -> None:
    sold = booked(
        "commission",
        Leg("commissions", -1_000, "USD"),
        Leg("exchange", 900, "USD"),
        Leg("rounding", 100, "USD"),
        Leg("exchange", -850),
        Leg("payable", 850),
        Leg("commissions", -7, "acme:points"),
        Leg("payable", 7, "acme:points"),
        engine="2",
    )
    collected = booked("commission", Leg("wholesale", 8_000), Leg("payable", -8_000), engine="2")
    received = booked("payment_received", Leg("receipts", -300), Leg("payable", 300), engine="2")
    back = booked("clawback", Leg("commissions", 400, "USD"), Leg("payable", -400, "USD"))
    other = structs.replace(sold, program="beta")
    billing = Billing("acme")
    for offset, entry in enumerate([sold, collected, received, back, other, sold]):
        billing.take(Posted(0, offset, entry, b""))
    made = billing.invoice({"0": 0}, {"0": 6})
    assert [structs.astuple(line)[1:] for line in made.lines] == [
        ("EUR", "receipts", "payment_received", 1, 300),
        ("EUR", "wholesale", "commission", 1, 8_000),
        ("USD", "commissions", "clawback", 1, -400),
        ("USD", "commissions", "commission", 2, 2_000),
        ("acme:points", "commissions", "commission", 2, 14),
    ]
    assert made.totals == {"USD": 1_600, "acme:points": 14}
    assert made.entries == 5
    assert SHOWN == ("commissions", "receipts", "wholesale")


def test_the_hash_is_of_the_lines_as_plain_json() -> None:
    billing = Billing("acme")
    billing.take(Posted(0, 0, booked("award", Leg("commissions", -5), Leg("payable", 5)), b""))
    made = billing.invoice({"0": 0}, {"0": 1})
    text = (
        '[{"partner":"jane","unit":"EUR","account":"commissions","kind":"award",'
        '"entries":1,"amount":5}]'
    )
    assert encode(made.lines).decode() == text
    assert made.sha256 == sha256(text.encode()).hexdigest()
