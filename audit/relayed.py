"""The relay proved: what was routed to each partition is what the sources give.

Instructions of several sources stand mixed in a partition, so they are not compared one
by one: for each stream (source partition → target partition) both sides keep a count and
a running SHA-256 over the records in order. Only where two sums differ is the stream
walked again to name the first record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

import msgspec
from msgspec import Struct

from audit.difference import Difference, altered, foreign, text
from audit.scope import Scope
from events.codec import encode
from events.instructions import Instruction
from events.position import Record
from projections.routing import Numbering


class Stream(NamedTuple):
    """What one source partition puts into one partition of `instructions`."""

    source: str
    """Source partition, as `topic/partition`."""
    target: int
    """Partition of `instructions`."""


class _Source(Struct):
    source: str


_SOURCE = msgspec.json.Decoder(_Source)

Totals = dict[Stream, tuple[int, str]]
"""Stream → (number of records, SHA-256 in hex)."""


class ReadTo(NamedTuple):
    """How far round one read a source partition."""

    offset: int
    """The offset after the last accepted record."""
    accepted: int
    """How many were accepted: the number of the next."""


class Due(Struct):
    """What round two must find in `instructions`."""

    routed: Totals
    read_to: dict[str, ReadTo]
    """By source partition. One that is missing was not proved: nothing is known of it."""
    ends: dict[int, int]
    """Partition of `instructions` → its end before round one began. What stands below it is
    made from sources that round one read; beyond it, what was appended upstream meanwhile
    may come too, and is left for the next audit."""


class Sums:
    """Count and running SHA-256 of every stream met."""

    def __init__(self) -> None:
        self._running: dict[Stream, tuple[int, hashlib._Hash]] = {}

    def add(self, stream: Stream, value: bytes) -> None:
        """One more record of `stream`, with its length before it, so that no two series agree."""
        count, running = self._running.get(stream) or (0, hashlib.sha256())
        running.update(len(value).to_bytes(4, "big"))
        running.update(value)
        self._running[stream] = (count + 1, running)

    def count(self, stream: Stream) -> int:
        """How many records of `stream` were met."""
        held = self._running.get(stream)
        return held[0] if held else 0

    def totals(self) -> Totals:
        """What can be compared, and sent from one process to another."""
        return {
            stream: (count, running.hexdigest())
            for stream, (count, running) in self._running.items()
        }


class Routed:
    """What one source partition must have put into the partitions of `instructions`."""

    def __init__(self, source: str, partitions: int, scope: Scope | None = None) -> None:
        self.source = source
        self._partitions = partitions
        self._numbering = Numbering()
        self._scope = None if scope is None or scope.whole else scope

    def number(self, instructions: tuple[Instruction, ...]) -> Iterator[tuple[Stream, bytes]]:
        """The stream and the bytes of each of `instructions`, as the relay must write them; of
        those within a scope only, without their numbers."""
        scope = self._scope
        for instruction in instructions:
            target, numbered = self._numbering.number(instruction, self._partitions)
            if scope is None:
                yield Stream(self.source, target), encode(numbered)
            elif scope.covers(instruction.partner, instruction.program):
                yield Stream(self.source, target), scope.unnumbered(instruction)


def split_source(source: str) -> tuple[str, int]:
    """Partition and offset an instruction cites; offset -1 where it is no number."""
    partition, _, offset = source.rpartition("/")
    return partition, int(offset) if offset.isdecimal() else -1


def first_difference(
    expected: Iterator[bytes], found: Iterator[Record], stream: Stream
) -> Difference | None:
    """The first record in which two streams differ; None where they say the same."""
    for number, (want, record) in enumerate(zip_longest(expected, found)):
        if record is None:
            return Difference(
                "missing",
                _source_of(want) or stream.source,
                f"instruction number {number} of {stream.source} for instructions/{stream.target} "
                "is not in the log: not relayed yet (is a worker running?) or removed",
                expected=text(want),
            )
        if want is None:
            return foreign(
                record,
                f"number {number} from {stream.source}, which gives only {number}: "
                "an instruction without a source",
            )
        if want != record.value:
            return altered(record, want, f"routed from {stream.source}")
    return None


def _source_of(instruction: bytes | None) -> str:
    """Position of what an instruction is made from."""
    return "" if instruction is None else _SOURCE.decode(instruction).source


def no_source(record: Record, instruction: Instruction) -> Difference:
    """The difference of an instruction that nothing in the log gives."""
    return foreign(
        record,
        f"cites {instruction.source}, which does not give it: an instruction without a source",
    )
