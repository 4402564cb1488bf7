"""What is booked under any terms is what a second, naive calculation says (`model`)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given

from events.instructions import CommissionDue
from events.journal import Entry
from tests.rewards.lives import Living, lives, schemes
from tests.rewards.model import Booked, Model, clean


def booked(entry: Entry) -> Booked:
    """What each account gains by each rule."""
    legs: Booked = defaultdict(int)
    for leg in entry.legs:
        legs[leg.account, leg.unit or entry.unit, leg.rule or entry.rule] += leg.amount
    return clean(legs)


@given(schemes(), lives)
def test_entries_are_those_of_a_naive_calculation(scheme: Any, life: list[Any]) -> None:
    world = Living(scheme)
    models: dict[str, Model] = defaultdict(lambda: Model(world.currency, world.decisions))
    said: list[str] = []
    for operation in life:
        before = len(world.answered)
        world.happen(operation)
        said.append(repr(operation))
        for instruction, entry in world.answered[before:]:
            expected = models[instruction.partner].expect(instruction)
            story = "\n".join(said) + f"\n{instruction}\n{entry}"
            assert entry.kind == expected.kind, f"{expected}\n{story}"
            assert booked(entry) == expected.legs, f"{expected}\n{story}"
            if expected.reason:
                assert entry.reason == expected.reason, story
            if isinstance(instruction, CommissionDue):
                assert entry.hold == expected.hold, story
