"""Records that an index points to, fetched, held, and told from what it says wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from audit.fetching import Sought
from audit.read import Progress
from events.attributions import Touch
from events.position import Position, Record
from events.topics import ATTRIBUTIONS, CONVERSIONS, INSTRUCTIONS, JOURNAL

Ends = dict[str, dict[int, int]]
Spot = tuple[str, int]


class Positions(Protocol):
    """Where records stand (see `audit.index`)."""

    def ends(self) -> Ends: ...

    def offsets(self, topic: str, partition: int, key: str) -> list[int]: ...

    def customers(self, name: bytes) -> Iterable[str]: ...


class Source(Protocol):
    """A log that gives single records (see `audit.fetching`)."""

    def fetch(self, wanted: Mapping[Spot, Sequence[int]]) -> dict[Spot, dict[int, Record]]:
        """The records at these offsets, by partition."""

    def series(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        """Records start <= offset < end."""

    def offset_at(self, topic: str, partition: int, at: int) -> int | None:
        """Offset of the first record stamped at or after `at` (ms)."""

    def search(self, topic: str, sought: Sequence[Sought], limit: int) -> list[Record | None]:
        """Each record, among the first `limit` from its time on; None: not there."""

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        """A click that does not stand near its time, looked for in the whole partition."""


class Fetched:
    """The records that were fetched so far, of a log as it ended at `ends`, and its tail."""

    def __init__(self, index: Positions, source: Source, ends: Ends, progress: Progress) -> None:
        self._index = index
        self._source = source
        self._progress = progress
        self._seen = index.ends()
        self._held: dict[Position, Record] = {}
        self._faults: dict[str, None] = {}
        self.ends = ends
        self.count = 0
        """Records fetched by their positions."""
        self.tail = {
            topic: list(self._read_tail(topic))
            for topic in (JOURNAL, INSTRUCTIONS, ATTRIBUTIONS, CONVERSIONS)
        }
        """Topic → the records that the index has not seen, read one after another."""

    @property
    def faults(self) -> list[str]:
        """What the index said that the log does not bear out."""
        return list(self._faults)

    def get(self, position: Position) -> Record | None:
        """The record at a position; None where there is none."""
        if position not in self._held:
            self.fetch({(position.topic, position.partition): [position.offset]})
        return self._held.get(position)

    def offsets(self, topic: str, partition: int, key: str) -> list[int]:
        """As the index says, below where it was built to: the rest is read."""
        end = self._seen.get(topic, {}).get(partition, 0)
        return [offset for offset in self._index.offsets(topic, partition, key) if offset < end]

    def at(self, topic: str, partition: int, offsets: Iterable[int], key: str) -> list[Record]:
        """The records that stand there and are of the key; the index is wrong of the others."""
        wanted = key.encode()
        found = []
        for offset in offsets:
            record = self._held.get(Position(topic, partition, offset))
            if record is not None and record.key == wanted:
                found.append(record)
            else:
                said = f"{topic}/{partition}/{offset} is said to be of {key!r}, and is not"
                self._faults[said] = None
        return found

    def fetch(self, wanted: Mapping[Spot, Iterable[int]]) -> None:
        """Fetch what is not held yet, all at once."""
        missing: dict[Spot, list[int]] = {}
        for spot, offsets in wanted.items():
            end = self.ends.get(spot[0], {}).get(spot[1], 0)
            for offset in sorted(offsets):
                if 0 <= offset < end and Position(*spot, offset) not in self._held:
                    missing.setdefault(spot, []).append(offset)
        if not missing:
            return
        for spot, records in self._source.fetch(missing).items():
            self._held.update({Position(*spot, n): record for n, record in records.items()})
            self.count += len(records)
            self._progress(len(records))

    def _read_tail(self, topic: str) -> Iterator[Record]:
        for partition, end in sorted(self.ends[topic].items()):
            start = self._seen.get(topic, {}).get(partition, 0)
            if start > end:
                said = f"{topic}/{partition} is said to be read to {start}; it ends at {end}"
                self._faults[said] = None
            for record in self._source.series(topic, partition, start, end):
                self._held[record.position] = record
                yield record
