"""Where money is taken from: what is pending with it, then what is available."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.journal import HELD
from projections.balance import Funds
from projections.rewards.purse import Purse


@pytest.mark.parametrize(
    ("payable", "holds", "take", "until", "spread", "taken"),
    [
        (100, {20: 30}, 10, 20, False, [(20, -10)]),  # pending: taken from there
        (100, {20: 30}, 10, 5, False, [(0, -10)]),  # its hold has ended: from what is available
        (30, {20: 30}, 10, 5, False, [(0, -10)]),  # although that becomes a debt
        (100, {20: 30}, 40, 20, True, [(20, -30), (0, -10)]),
        (60, {20: 30, 40: 30}, 40, 20, True, [(20, -30), (40, -10)]),  # nothing is available
        (30, {HELD: 30}, 10, 20, True, [(0, -10)]),  # what waits for a person is not touched
        (30, {HELD: 30}, 10, HELD, False, [(HELD, -10)]),
    ],
)
def test_where_it_is_taken_from(  # type: ignore[no-untyped-def]
    payable, holds, take, until, spread, taken
) -> None:
    assert Purse(Funds(payable, 0, 0, holds), 10).take(take, until, spread=spread) == taken


@given(
    st.dictionaries(st.sampled_from((5, 20, 30, HELD)), st.integers(1, 100)),
    st.integers(0, 200),
    st.lists(st.tuples(st.integers(1, 80), st.sampled_from((0, 5, 20, 30, HELD)), st.booleans())),
)
def test_all_is_taken_and_no_pending_amount_goes_below_zero(
    holds: dict[int, int], free: int, takes: list[tuple[int, int, bool]]
) -> None:
    purse = Purse(Funds(sum(holds.values()) + free, 0, 0, holds), 10)
    left = {until: amount for until, amount in holds.items() if until > 10}
    for amount, until, spread in takes:
        parts = purse.take(amount, until, spread=spread)
        assert sum(part for _, part in parts) == -amount
        for place, part in parts:
            if place:
                left[place] += part
                assert left[place] >= 0
