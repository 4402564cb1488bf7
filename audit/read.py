"""What a part of a replay read, and what it met on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field

from audit.difference import Difference
from audit.log import Log
from audit.written import Written
from events.position import Record

Progress = Callable[[int], None]
"""Told how many more records were read."""

PROGRESS_EVERY = 5_000


class Read(Struct):
    """Counts, and the positions of what is odd."""

    records: int = 0
    repeats: int = 0
    contradictions: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    as_signed: list[str] = field(default_factory=list)
    """Trees, by their partitions, that are as the checkpoints signed them."""

    def add(self, other: Read) -> None:
        """Take in what another part read."""
        self.records += other.records
        self.repeats += other.repeats
        self.contradictions += other.contradictions
        self.unreadable += other.unreadable
        self.differences += other.differences
        self.as_signed += other.as_signed

    def add_written(self, written: Written) -> None:
        """Take in what was met in a decider's output."""
        self.records += written.read
        self.repeats += written.repeats
        self.contradictions += written.contradictions
        self.unreadable += written.unreadable


def counted(records: Iterable[Record], progress: Progress) -> Iterator[Record]:
    """The records as they are, telling `progress` of them a few thousand at a time."""
    passed = 0
    for record in records:
        passed += 1
        if passed == PROGRESS_EVERY:
            progress(passed)
            passed = 0
        yield record
    progress(passed)


class Telling:
    """A log that tells how many records were read from it."""

    def __init__(self, log: Log, progress: Progress) -> None:
        self._log = log
        self._progress = progress

    def partitions(self, topic: str) -> int:
        """Number of partitions of `topic`."""
        return self._log.partitions(topic)

    def ends(self, topic: str) -> dict[int, int]:
        """Partition → the next offset to be written."""
        return self._log.ends(topic)

    def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> Iterator[Record]:
        """Records start <= offset < end, in order."""
        return counted(self._log.read(topic, partition, start, end), self._progress)

    def offset_at(self, topic: str, partition: int, at: int) -> int:
        """Offset of the first record stamped at or after time `at` (ms)."""
        return self._log.offset_at(topic, partition, at)
