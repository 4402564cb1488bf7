"""Statements and invoices over random terms of engine 2: several units, holds that people
decide about, changes of currency, overrides, payouts with fees."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from projections import account as posting
from projections.statement import Sums, statement
from tests.projections.test_invoices import PARTITIONS, billed, cost, invoice
from tests.projections.test_statements import account
from tests.projections.world import DAY, START
from tests.rewards.lives import PARTNERS, Living, full_lives
from tests.rewards.schemes import schemes

FAR = 2**60


def lived(scheme: Any, life: list[Any]) -> Living:
    world = Living(scheme)
    for operation in life:
        world.happen(operation)
    return world


@given(schemes(), full_lives, st.lists(st.integers(0, 60), max_size=3))
def test_statements_join_and_say_what_posting_says(
    scheme: Any, life: list[Any], cuts: list[int]
) -> None:
    world = lived(scheme, life)
    for partner in PARTNERS:
        entries = account(world, partner)
        bounds = [0, *sorted(cuts), FAR]
        parts = [
            statement(entries, partner, "acme", starts=starts, ends=ends, opened_at=world.now,
                      closed_at=world.now)
            for starts, ends in pairwise(bounds)
        ]  # fmt: skip
        for one, following in pairwise(parts):
            closing = {section.unit: section.closing for section in one.sections}
            for section in following.sections:
                assert section.opening == closing.get(section.unit, Sums())
            assert one.closing_head == following.opening_head
        for section in parts[-1].sections:
            state, unit = world.accounts[partner], section.unit
            funds = state.funds.get(f"acme/{unit}")
            stated = (funds.payable, funds.in_transit, funds.paid) if funds else (0, 0, 0)
            closing = section.closing
            assert (closing.payable, closing.in_transit, closing.paid) == stated
            assert closing.pending == posting.pending(state, "acme", unit, world.now)
            assert closing.available == posting.available(state, "acme", unit, world.now)
        lines: Counter[str] = Counter()
        for part in parts:
            for section in part.sections:
                lines[section.unit] += sum(line.amount for line in section.lines)
        assert lines == {s.unit: s.closing.payable for s in parts[-1].sections}


@given(schemes(), full_lives, st.lists(st.integers(0, 200), max_size=4))
def test_the_sum_of_all_invoices_is_the_journal(
    scheme: Any, life: list[Any], days: list[int]
) -> None:
    world = lived(scheme, life)
    starts, made = dict.fromkeys(PARTITIONS, 0), []
    for closes in [*(START + day * DAY for day in sorted(days)), None]:
        made.append(invoice(world, starts, closes))
        starts = made[-1].ends
    assert billed(*made) == cost(world.entries)
    assert sum(one.entries for one in made) == len(world.entries)
