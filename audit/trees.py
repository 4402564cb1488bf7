"""The trees of a ledger: of what each partition of its journal and its facts says, in order.

    journal/p       the accepted entries: leaf n is entry n's bytes, as they stand in Kafka
    decisions/0     the accepted records  ┐ each with its time and its key, which decide
    conversions/p   every record          ┘ with it what it means (`fact_bytes`)

`attributions` and `instructions` have none: they follow from these, and a replay decides them
again. One pass over a partition, in log₂ n memory.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from audit.log import Log
from audit.merkle import Frontier
from audit.read import Progress, counted
from events import topics
from events.codec import UnreadableRecord
from events.decisions import Decision
from events.first_wins import DecisionLog, Dense, Verdict, readable
from events.position import Record
from projections.posted import accepted

COVERED = (topics.CONVERSIONS, topics.DECISIONS, topics.JOURNAL)

AT_ONCE = 1_000
"""Leaves that are hashed in one go."""

_FACT = struct.Struct(">qi")
_LENGTH = struct.Struct(">i")
_NONE = -1
"""In place of the length of a key or a value that is not there."""


class Leaf(NamedTuple):
    """A leaf, and the offset of the record it is made from."""

    offset: int
    value: bytes
    """What is hashed."""


class Resume(NamedTuple):
    """What was accepted of a partition before; a pass moves it on."""

    dense: Dense
    decisions: DecisionLog

    @classmethod
    def nothing(cls) -> Resume:
        """As before the first record."""
        return cls(Dense(), DecisionLog())


def tree_names(log: Log) -> list[str]:
    """The partitions that have a tree, as `topic/partition`."""
    return [f"{topic}/{number}" for topic in COVERED for number in range(log.partitions(topic))]


def fact_bytes(record: Record) -> bytes:
    """The leaf of a fact: its time (8 bytes, ms), its key and its value, each after its length
    (4 bytes; -1 where there is none), all big-endian."""
    key, value = record.key, record.value
    if key is not None and value is not None:
        return _FACT.pack(record.recorded_at, len(key)) + key + _LENGTH.pack(len(value)) + value
    return b"".join(
        (
            _FACT.pack(record.recorded_at, _NONE if key is None else len(key)),
            key or b"",
            _LENGTH.pack(_NONE if value is None else len(value)),
            value or b"",
        )
    )


def leaves(
    topic: str,
    records: Iterable[Record],
    resume: Resume | None = None,
    decided: Callable[[tuple[Decision, ...]], object] = lambda decisions: None,
) -> Iterator[Leaf]:
    """The leaves of one partition, from its first record on, or from where `resume` is.

    `decided` is shown the decisions of each accepted record.
    """
    resume = Resume.nothing() if resume is None else resume
    if topic == topics.JOURNAL:
        for posted in accepted(records, resume.dense):
            yield Leaf(posted.offset, posted.value)
        return
    for record in records:
        if topic == topics.DECISIONS:
            try:
                decisions = resume.decisions.accept(record)
            except UnreadableRecord:
                continue
            if not decisions:
                continue
            decided(decisions)
        yield Leaf(record.offset, fact_bytes(record))


class Mark(NamedTuple):
    """A tree when it had a certain size."""

    root: bytes
    offset: int
    """After the record of its last leaf."""


class Marks(NamedTuple):
    """A tree at the sizes asked for, as far as it has that many leaves."""

    at: dict[int, Mark]
    size: int
    """How many leaves it has, counted no further than the largest size asked for."""
    next_offset: int
    """After the record of the last of these leaves."""
    ahead: str = ""
    """Position of the first entry that no reader accepts, for one before it is not there: asked
    for only where the journal has fewer leaves than the largest size."""


class Marking:
    """Takes the leaves of a tree one after another, and notes its root at some sizes."""

    def __init__(self, sizes: Iterable[int]) -> None:
        self._left = sorted(set(sizes), reverse=True)
        self._frontier = Frontier()
        self._values: list[bytes] = []
        """Leaves taken and not yet hashed: it is done many at a time, and before each size."""
        self._room = 0
        self._next_offset = 0
        self.at: dict[int, Mark] = {}
        self._hash()

    @property
    def wants_more(self) -> bool:
        """Whether the largest size is still to come."""
        return bool(self._left)

    def take(self, value: bytes, offset: int) -> None:
        """The next leaf's value, and the offset of its record. Those after the largest size
        are let pass."""
        if self._left:
            self._values.append(value)
            self._next_offset = offset + 1
            if len(self._values) == self._room:
                self._hash()

    def marks(self) -> Marks:
        """What was noted."""
        self._hash()
        return Marks(self.at, self._frontier.size, self._next_offset)

    def _hash(self) -> None:
        frontier = self._frontier
        frontier.extend([sha256(b"\x00" + value).digest() for value in self._values])
        self._values.clear()
        if self._left and self._left[-1] == frontier.size:
            self.at[self._left.pop()] = Mark(frontier.root(), self._next_offset)
        if self._left:
            self._room = min(AT_ONCE, self._left[-1] - frontier.size)


def marks_of(log: Log, name: str, sizes: Iterable[int], progress: Progress) -> Marks:
    """The tree `name` at each of `sizes`; reads no further than the largest needs."""
    topic, _, number = name.rpartition("/")
    marking = Marking(sizes)
    if marking.wants_more and int(number) < log.partitions(topic):
        records = counted(log.read(topic, int(number)), progress)
        for leaf in leaves(topic, records):
            marking.take(leaf.value, leaf.offset)
            if not marking.wants_more:
                break
        if marking.wants_more and topic == topics.JOURNAL:
            return marking.marks()._replace(ahead=_first_ahead(log, int(number)))
    return marking.marks()


def _first_ahead(log: Log, partition: int) -> str:
    dense = Dense()
    for record, entry in readable(log.read(topics.JOURNAL, partition), topics.JOURNAL):
        if dense.judge(entry.source, entry.n) is Verdict.AHEAD:
            return str(record.position)
    return ""
