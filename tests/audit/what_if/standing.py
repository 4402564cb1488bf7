"""Where naive instructions stand: each partner's account, read off the list of those there are."""

from __future__ import annotations

from typing import Any, NamedTuple

from events.codec import decode
from events.instructions import Instruction
from events.partitioning import partition_of
from tests.audit.what_if.naive import Hypothesis, Naive, Routed
from tests.projections.world import PARTITIONS


class Standing(NamedTuple):
    """An instruction in its place; `found`: it stands in history's log."""

    at: int
    stream: int
    order: tuple[int, int]
    instruction: Instruction
    found: bool


def accounts(world: Any, given: Hypothesis | None) -> dict[str, list[Instruction]]:
    """The instructions of each partner, in the order of its account."""
    naive = Naive(world, given)
    targets: dict[int, list[Standing]] = {target: [] for target in range(PARTITIONS)}
    wanted = {(_key(one.instruction), one.instruction.source): one for one in naive.routed}
    assert len(wanted) == len(naive.routed)
    for target, values in world.instructions.items():
        for value, at in zip(values, values.times, strict=True):
            logged = decode("instructions", value)
            if logged.source.startswith("decisions/"):
                targets[target].append(Standing(at, -1, (0, 0), logged, True))
                continue
            stream, offset = map(int, logged.source.split("/")[1:])
            one = wanted.pop((_key(logged), logged.source), None)
            if one is None:  # it keeps the order of what stands around it, and books nothing
                one = Routed(stream, offset, 0, at, None)  # type: ignore[arg-type]
            place = (offset, one.turn)
            targets[target].append(Standing(at, stream, place, one.instruction, True))
    for one in sorted(wanted.values(), key=lambda one: (one.at, *one[:3])):
        standing = targets[partition_of(one.instruction.partner, PARTITIONS)]
        order = (one.offset, one.turn)
        place = _place(one, standing)
        at = max(one.at, standing[place - 1].at) if place else one.at
        standing.insert(place, Standing(at, one.partition, order, one.instruction, False))
    found: dict[str, list[Instruction]] = {}
    for standing in targets.values():
        for one in standing:
            if one.instruction is not None:
                found.setdefault(one.instruction.partner, []).append(one.instruction)
    return found


def _place(one: Routed, standing: list[Standing]) -> int:
    """After all of its source that comes before it, and before all that comes after it; between
    these, after what is not later."""
    own = [number for number, other in enumerate(standing) if other.stream == one.partition]
    lowest = 0
    for number in own:
        other = standing[number]
        dropped_beside = other.instruction is None and other.order[0] == one.offset
        if other.order < (one.offset, one.turn) and not dropped_beside:
            lowest = number + 1
    highest = min((number for number in own if number >= lowest), default=len(standing))
    latest = max((n + 1 for n, other in enumerate(standing) if other.at <= one.at), default=0)
    return max(lowest, min(highest, latest))


def _key(one: Instruction) -> tuple[Any, ...]:
    level = getattr(one, "level", 0)
    return type(one), one.partner, getattr(one, "deal", ""), one.event_id, level, one.via
