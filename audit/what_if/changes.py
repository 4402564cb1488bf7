"""What would have been routed otherwise, and the place it takes.

An instruction that is in the log keeps its place and time, whatever it says under the
candidate terms. One that is not (somebody else is credited) is posted at the time of its
attribution: before the first instruction of its partition that is later. What one source
partition puts there keeps its order, whenever the relay came: a refund never overtakes its deal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field, structs

from events.codec import encode
from events.instructions import CommissionDue, Instruction, RefundDue, ReviewDue
from events.partitioning import partition_of

DROPPED = b""
"""In the place of an instruction that would not have been routed."""


class Added(NamedTuple):
    """An instruction that history does not have."""

    at: int
    """The broker's time of its attribution, ms; never less than that of the one before."""
    partition: int
    """Of the attribution."""
    offset: int
    turn: int
    """Its place among the instructions of the attribution."""
    after: int
    """So many instructions of the source partition stand before it in the target's."""
    value: bytes


class Changes(Struct):
    """What one partition of `attributions` would have put otherwise into one of `instructions`."""

    partition: int
    """Of `attributions`."""
    routed: int = 0
    """How many it did put there."""
    replaced: dict[int, bytes] = field(default_factory=dict)
    """Number of the instruction → what it would say, or DROPPED."""
    added: list[Added] = field(default_factory=list)
    credited: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Deal or lead (`subject`) → who was credited for it and who would have been, in words."""


class Rerouted:
    """The changes of one partition of `attributions`, by partition of `instructions`."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition = partition
        self._partitions = partitions
        self._at = 0
        self.changes = {target: Changes(partition) for target in range(partitions)}

    def route(
        self,
        actual: tuple[Instruction, ...],
        other: tuple[Instruction, ...],
        offset: int,
        recorded_at: int,
    ) -> set[int]:
        """Take what the attribution at `offset`, recorded at `recorded_at` (ms), gives and would
        have given; the targets in which something is other."""
        self._at = max(self._at, recorded_at)
        if actual == other:
            for instruction in actual:
                self._of(instruction).routed += 1
            return set()
        touched: set[int] = set()
        places: dict[tuple[object, ...], list[tuple[Changes, int, Instruction]]] = {}
        after: dict[int, int] = {}
        for instruction in actual:
            changes = self._of(instruction)
            after.setdefault(target_of(instruction, self._partitions), changes.routed)
            place = (changes, changes.routed, instruction)
            places.setdefault(identity(instruction), []).append(place)
            changes.routed += 1
        for turn, instruction in enumerate(other):
            target = target_of(instruction, self._partitions)
            changes = self.changes[target]
            found = places.get(identity(instruction))
            if found:
                _, n, before = found.pop(0)
                after[target] = max(after[target], n + 1)
                if instruction != before:
                    changes.replaced[n] = encode(structs.replace(instruction, n=n))
                    touched.add(target)
                continue
            bound = after.setdefault(target, changes.routed)
            value = encode(instruction)
            changes.added.append(Added(self._at, self._partition, offset, turn, bound, value))
            touched.add(target)
        for left in places.values():
            for changes, n, instruction in left:
                changes.replaced[n] = DROPPED
                touched.add(target_of(instruction, self._partitions))
        return touched

    def _of(self, instruction: Instruction) -> Changes:
        return self.changes[target_of(instruction, self._partitions)]


def target_of(instruction: Instruction, partitions: int) -> int:
    """The partition of `instructions` that is its partner's."""
    return partition_of(instruction.partner, partitions)


def subject(program: str, deal: str, event_id: str) -> str:
    """What a deal, or a lead, is called among those of all programs."""
    return f"{program}/deal/{deal}" if deal else f"{program}/lead/{event_id}"


def identity(instruction: Instruction) -> tuple[object, ...]:
    """What two instructions of one attribution have in common that are the same but for what
    terms decide."""
    assert isinstance(instruction, CommissionDue | RefundDue | ReviewDue)
    level = 0 if isinstance(instruction, ReviewDue) else instruction.level
    return (
        type(instruction),
        instruction.partner,
        instruction.deal,
        instruction.event_id,
        level,
        instruction.via,
    )


class Waiting:
    """The added instructions of one partition, until the time of each has come."""

    def __init__(self, changes: list[Changes]) -> None:
        self._streams = [iter(one.added) for one in changes if one.added]
        self._partitions = [one.partition for one in changes if one.added]
        self._heads: list[Added | None] = [next(stream, None) for stream in self._streams]
        self.left = sum(len(one.added) for one in changes)

    def before(self, at: int, seen: dict[int, int], source: int, n: int) -> Iterator[Added]:
        """Those that come before an instruction of the log at `at` (ms), number `n` of what the
        partition `source` of `attributions` put there (-1: it is of `decisions`).

        `seen`: partition of `attributions` → how many of its instructions came so far.
        """
        while self.left:
            ready = [
                (head[:4], place)
                for place, (partition, head) in enumerate(
                    zip(self._partitions, self._heads, strict=True)
                )
                if head is not None
                and seen.get(partition, 0) >= head.after
                and (head.at < at or (partition == source and head.after <= n))
            ]
            if not ready:
                return
            yield self._take(min(ready)[1])

    def rest(self) -> Iterator[Added]:
        """All that are left, after the last instruction of the log."""
        while self.left:
            heads = [
                (head[:4], place) for place, head in enumerate(self._heads) if head is not None
            ]
            yield self._take(min(heads)[1])

    def _take(self, place: int) -> Added:
        head = self._heads[place]
        assert head is not None
        self._heads[place] = next(self._streams[place], None)
        self.left -= 1
        return head
