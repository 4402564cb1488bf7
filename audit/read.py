"""What a part of a replay read, and what it met on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field

from audit.difference import Difference
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
