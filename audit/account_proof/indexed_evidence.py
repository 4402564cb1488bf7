"""Evidence fetched record by record, from where an index of positions says that it stands.

The index is not trusted. A record it points to counts only if it is of the key that was asked
for; what it leaves out is missed by the proof, in the chain of hashes or where it is cited;
what it has not seen yet is read from the log itself. `faults` names what it said wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from audit.decided import Decided
from audit.fetching import Sought
from audit.naming import Naming, customers_of
from audit.read import Progress
from events import topics
from events.attributions import Touch
from events.codec import UnreadableRecord, decode_record
from events.partitioning import partition_of
from events.position import Position, Record

CLICKS_LOOKED_AT = 500
"""Clicks after its own time among which a click is looked for: it is written at once."""

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


class IndexedEvidence:
    """The evidence of one account, of a log as it ended at `ends`."""

    def __init__(
        self,
        index: Positions,
        source: Source,
        ends: Ends,
        progress: Progress = lambda records: None,
    ) -> None:
        self._index = index
        self._source = source
        self._ends = ends
        self._progress = progress
        self._seen = index.ends()
        self._held: dict[Position, Record] = {}
        self._customers: dict[str, dict[str, list[Record]]] = {}
        self._clicks: dict[Touch, Record | None] = {}
        self.faults: list[str] = []
        """What the index said that the log does not bear out."""
        self.tail: dict[str, list[Record]] = {}
        """Topic → the records that the index has not seen."""
        self.fetched = 0
        """Records fetched by their positions."""
        for topic in (topics.JOURNAL, topics.INSTRUCTIONS, topics.ATTRIBUTIONS, topics.CONVERSIONS):
            self.tail[topic] = list(self._read_tail(topic))

    @property
    def unseen(self) -> int:
        """How many records the index had not seen: they were read from the log."""
        return sum(map(len, self.tail.values()))

    def partitions(self, topic: str) -> int:
        return len(self._ends[topic])

    def decisions(self) -> Iterator[Record]:
        return self._source.series(topics.DECISIONS, 0, 0, self._ends[topics.DECISIONS][0])

    def journal(self, partner: str) -> Iterator[Record]:
        home = partition_of(partner, self.partitions(topics.JOURNAL))
        wanted = {
            (topic, home): self._offsets(topic, home, partner)
            for topic in (topics.JOURNAL, topics.INSTRUCTIONS)
        }
        self._fetch(wanted)  # both at once
        return self._of(topics.JOURNAL, home, partner)

    def instructions(self, partner: str) -> Iterator[Record]:
        home = partition_of(partner, self.partitions(topics.INSTRUCTIONS))
        return self._of(topics.INSTRUCTIONS, home, partner)

    def customers(self, partner: str, decided: Decided) -> Iterable[str]:
        """Also those that the partner's instructions cite, so that all are fetched at once."""
        naming = Naming(decided, [partner])
        found = {key.decode(errors="replace") for key in naming.registered}
        for name in naming.names:
            found.update(self._index.customers(name))
        for topic in (topics.ATTRIBUTIONS, topics.CONVERSIONS):
            for record in self.tail[topic]:
                if naming.names_partner(record.value):
                    found.update(key.decode(errors="replace") for key in customers_of(record))
        cited = self._cited(partner)
        found.update(record.key.decode(errors="replace") for record in cited if record.key)
        found.discard("")
        self._collect(found)
        self._look_up(self._touches())
        return sorted(found)

    def conversions(self, key: str) -> Iterator[Record]:
        return self._customer(topics.CONVERSIONS, key)

    def attributions(self, key: str) -> Iterator[Record]:
        return self._customer(topics.ATTRIBUTIONS, key)

    def record(self, position: Position) -> Record | None:
        if position not in self._held:
            self._fetch({(position.topic, position.partition): [position.offset]})
        return self._held.get(position)

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        if touch not in self._clicks:
            self._look_up([touch])
        found = self._clicks[touch]
        return self._source.click(touch, cited_by) if found is None else found

    def stamped(self, partition: int, before: int, at: int) -> bool:
        offset = self._source.offset_at(topics.INSTRUCTIONS, partition, at)
        if offset is None or offset >= before:
            return False
        found = self.record(Position(topics.INSTRUCTIONS, partition, offset))
        return found is not None and found.recorded_at == at

    def _cited(self, partner: str) -> list[Record]:
        """The attributions that the partner's instructions cite."""
        wanted: dict[Spot, set[int]] = {}
        positions = []
        for record in self.instructions(partner):
            try:
                position = Position.parse(decode_record(record).source)
            except (UnreadableRecord, ValueError):
                continue
            if position.topic == topics.ATTRIBUTIONS:
                positions.append(position)
                wanted.setdefault(position[:2], set()).add(position.offset)
        self._fetch({spot: sorted(offsets) for spot, offsets in wanted.items()})
        return [self._held[position] for position in positions if position in self._held]

    def _collect(self, keys: Iterable[str]) -> None:
        """Fetch the records of these customers, all at once."""
        wanted: dict[Spot, set[int]] = {}
        found: dict[tuple[str, str], list[Position]] = {}
        for key in keys:
            home = partition_of(key, self.partitions(topics.CONVERSIONS))
            for topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS):
                offsets = self._offsets(topic, home, key)
                wanted.setdefault((topic, home), set()).update(offsets)
                found[key, topic] = [Position(topic, home, offset) for offset in offsets]
        self._fetch({spot: sorted(offsets) for spot, offsets in wanted.items()})
        tails: dict[tuple[str, bytes | None], list[Record]] = {}
        for topic, records in self.tail.items():
            for record in records:
                tails.setdefault((topic, record.key), []).append(record)
        for (key, topic), positions in found.items():
            theirs = self._with_key(positions, key)
            home = partition_of(key, self.partitions(topic))
            theirs += [r for r in tails.get((topic, key.encode()), []) if r.partition == home]
            self._customers.setdefault(key, {})[topic] = theirs

    def _touches(self) -> list[Touch]:
        """The clicks that the customers' attributions rest on."""
        found: dict[Touch, None] = {}
        for records in self._customers.values():
            for record in records[topics.ATTRIBUTIONS]:
                try:
                    touch = decode_record(record).touch
                except UnreadableRecord:
                    continue
                if touch is not None:
                    found[touch] = None
        return list(found)

    def _look_up(self, touches: list[Touch]) -> None:
        """Look for the clicks near their times, all at once."""
        partitions = self.partitions(topics.CLICKS)
        sought = [
            Sought(
                partition_of(touch.link or "-", partitions),
                touch.clicked_at,
                touch.click_id.encode(),
            )
            for touch in touches
        ]
        records = self._source.search(topics.CLICKS, sought, CLICKS_LOOKED_AT)
        for touch, record in zip(touches, records, strict=True):
            good = record is not None and _is_click(record, touch.click_id)
            self._clicks[touch] = record if good else None
            self._progress(1)

    def _customer(self, topic: str, key: str) -> Iterator[Record]:
        if key not in self._customers:
            self._collect([key])
        return iter(self._customers[key][topic])

    def _of(self, topic: str, home: int, key: str) -> Iterator[Record]:
        positions = [Position(topic, home, offset) for offset in self._offsets(topic, home, key)]
        yield from self._with_key(positions, key)
        for record in self.tail[topic]:
            if record.partition == home and record.key == key.encode():
                yield record

    def _with_key(self, positions: list[Position], key: str) -> list[Record]:
        """The records that stand there and are of the key; the index is wrong of the others."""
        wanted = key.encode()
        found = []
        for position in positions:
            record = self._held.get(position)
            if record is not None and record.key == wanted:
                found.append(record)
            else:
                self.faults.append(f"{position} is said to be of {key!r}, and is not")
        return found

    def _offsets(self, topic: str, partition: int, key: str) -> list[int]:
        """As the index says, below where it was built to: the rest is read."""
        end = self._seen.get(topic, {}).get(partition, 0)
        return [offset for offset in self._index.offsets(topic, partition, key) if offset < end]

    def _fetch(self, wanted: dict[Spot, list[int]]) -> None:
        missing: dict[Spot, list[int]] = {}
        for spot, offsets in wanted.items():
            end = self._ends.get(spot[0], {}).get(spot[1], 0)
            for offset in offsets:
                if 0 <= offset < end and Position(*spot, offset) not in self._held:
                    missing.setdefault(spot, []).append(offset)
        if not missing:
            return
        for spot, records in self._source.fetch(missing).items():
            self._held.update({Position(*spot, n): record for n, record in records.items()})
            self.fetched += len(records)
            self._progress(len(records))

    def _read_tail(self, topic: str) -> Iterator[Record]:
        for partition, end in sorted(self._ends[topic].items()):
            start = self._seen.get(topic, {}).get(partition, 0)
            if start > end:
                self.faults.append(
                    f"{topic}/{partition} is said to be read to {start}; it ends at {end}"
                )
            for record in self._source.series(topic, partition, start, end):
                self._held[record.position] = record
                yield record


def _is_click(record: Record, click_id: str) -> bool:
    try:
        said = decode_record(record)
    except UnreadableRecord:
        return False
    return bool(said.click_id == click_id)
