"""What moves most is found among many, in a fixed order, in each unit for itself."""

from __future__ import annotations

import random

import pytest

from audit.what_if.compare import compare
from audit.what_if.question import Question
from audit.what_if.sums import Booked, Commission
from projections.directory import Directory


@pytest.mark.parametrize("top", [0, 1, 7, 5_000])
def test_the_largest_of_many(top: int) -> None:
    chance = random.Random(top)
    actual, other = Booked(), Booked()
    moves = []
    for number in range(3_500):
        of = Commission("acme", f"p-{number % 3}", f"D-{number}", "", "")
        unit = chance.choice(("EUR", "JPY"))
        was, would = chance.randint(0, 40), chance.randint(0, 40)  # many of the same size
        actual.commissions[of] = {("sale", unit): was}
        other.commissions[of] = {("sale", unit): would}
        if was != would:
            moves.append((unit, -abs(would - was), of.deal))
    found = compare(Question(top=top), Directory(), actual, other, {}, [])
    assert found.moved == len(moves)
    for unit in ("EUR", "JPY"):
        wanted = sorted((by, deal) for of, by, deal in moves if of == unit)[:top]
        assert [(-abs(one.difference), one.deal) for one in found.moves[unit]] == wanted
