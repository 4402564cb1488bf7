"""The journal as every reader accepts it, and where a moment cuts it.

`accepted` applies the one rule, the first record for a position wins, to the records of one
partition; what stands there besides (repeats, records ahead, unreadable ones) adds nothing.

Statements and invoices are cut at positions, never at times: a position stays where it is,
while an entry may still arrive that bears an earlier time. `Cut` finds the position a moment
stands for: that of the first entry whose `at` is not before it. `at` never falls within a
partition, so all entries before a cut are older than it, and none after it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from events import first_wins, topics
from events.first_wins import Dense
from events.journal import Entry, Leg
from events.position import Position, Record


class Posted(NamedTuple):
    """An accepted entry, where it stands, and the bytes it stands there in."""

    partition: int
    offset: int
    entry: Entry
    value: bytes

    @property
    def position(self) -> str:
        """`journal/partition/offset`."""
        return str(Position(topics.JOURNAL, self.partition, self.offset))

    @property
    def sha256(self) -> str:
        """Of its bytes, in hex: what the partner's next entry names as `previous`."""
        return sha256(self.value).hexdigest()


def accepted(records: Iterable[Record], dense: Dense | None = None) -> Iterator[Posted]:
    """The entries of one partition of the journal, from its first record on, in order.

    `dense`: what was accepted before, where `records` go on; it moves with them.
    """
    for record, entry in first_wins.accepted(records, topics.JOURNAL, dense):
        assert record.value is not None, "a record without a value is unreadable"
        yield Posted(record.partition, record.offset, entry, record.value)


def unit_of(entry: Entry, leg: Leg) -> str:
    """The unit of a leg: its own, or the entry's where it names none."""
    return leg.unit or entry.unit


class Cut:
    """Where a moment cuts one partition. Show it all accepted entries, in order."""

    def __init__(self, at: int) -> None:
        self.at = at
        """Milliseconds since 1970 UTC."""
        self._offset: int | None = None

    def see(self, posted: Posted) -> None:
        """Take note of the next entry."""
        if self._offset is None and posted.entry.at >= self.at:
            self._offset = posted.offset

    def offset(self, end: int) -> int:
        """Of the first entry that is not before the moment; `end` where there is none yet."""
        return end if self._offset is None else self._offset
