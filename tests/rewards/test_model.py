"""What is booked under any terms is what a second, naive calculation says (`model`)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from msgspec.structs import replace

from events.instructions import CommissionDue
from events.journal import Entry
from projections import account
from tests.projections.world import DAY
from tests.rewards.lives import Living, lives
from tests.rewards.model import Model
from tests.rewards.model_parts import Booked, clean
from tests.rewards.schemes import schemes

UNITS = ("EUR", "KRW", "JPY", "KWD", "acme:points")


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


def _without_groups(scheme: dict[str, Any]) -> dict[str, Any]:
    """The scheme without bonuses and retroactive tiers: their amounts are of many deals, and
    belong to no deal's hold."""
    terms = [
        replace(
            one,
            bonuses=(),
            rules=tuple(
                replace(rule, tiers=None)
                if rule.tiers is not None and rule.tiers.apply == "retroactive"
                else rule
                for rule in one.rules
            ),
        )
        for one in scheme["terms"]
    ]
    return {**scheme, "terms": terms}


@given(schemes(), lives)
def test_what_is_pending_is_what_deals_and_holds_say(scheme: Any, life: list[Any]) -> None:
    world = Living(_without_groups(scheme))
    models: dict[str, Model] = defaultdict(lambda: Model(world.currency, world.decisions))
    for operation in life:
        world.happen(operation)
    for instruction, _ in world.answered:
        models[instruction.partner].expect(instruction)
    for partner, model in models.items():
        for at in (world.now, world.now + 4 * DAY, world.now + 400 * DAY):
            waiting = model.pending(at)
            for unit in {*waiting, *UNITS}:
                found = account.pending(world.accounts[partner], "acme", unit, at)
                assert found == waiting.get(unit, 0), (partner, unit, waiting)
