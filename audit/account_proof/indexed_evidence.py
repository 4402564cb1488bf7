"""Evidence fetched record by record, from where an index of positions says that it stands.

The index is not trusted. A record it points to counts only if it is of the key that was asked
for; what it leaves out is missed by the proof, in the chain of hashes or where it is cited;
what it has not seen yet is read from the log itself. `faults` names what it said wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit.account_proof.fetched import Ends, Fetched, Positions, Source, Spot
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
        self._progress = progress
        self._records = Fetched(index, source, ends, progress)
        self._customers: dict[str, dict[str, list[Record]]] = {}
        self._clicks: dict[Touch, Record | None] = {}

    @property
    def fetched(self) -> int:
        """How many records were fetched by their positions, clicks apart."""
        return self._records.count

    @property
    def unseen(self) -> int:
        """How many records the index had not seen: they were read from the log."""
        return sum(map(len, self._records.tail.values()))

    @property
    def faults(self) -> list[str]:
        """What the index said that the log does not bear out."""
        return self._records.faults

    def partitions(self, topic: str) -> int:
        return len(self._records.ends[topic])

    def decisions(self) -> Iterator[Record]:
        return self._source.series(topics.DECISIONS, 0, 0, self._records.ends[topics.DECISIONS][0])

    def journal(self, partner: str) -> Iterator[Record]:
        home = partition_of(partner, self.partitions(topics.JOURNAL))
        wanted = {
            (topic, home): self._records.offsets(topic, home, partner)
            for topic in (topics.JOURNAL, topics.INSTRUCTIONS)
        }
        self._records.fetch(wanted)  # both at once
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
            for record in self._records.tail[topic]:
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
        return self._records.get(position)

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
        self._records.fetch(wanted)
        found = map(self._records.get, positions)
        return [record for record in found if record is not None]

    def _collect(self, keys: Iterable[str]) -> None:
        """Fetch the records of these customers, all at once."""
        records = self._records
        wanted: dict[Spot, set[int]] = {}
        found: dict[tuple[str, int, str], list[int]] = {}
        for key in keys:
            home = partition_of(key, self.partitions(topics.CONVERSIONS))
            for topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS):
                found[topic, home, key] = records.offsets(topic, home, key)
                wanted.setdefault((topic, home), set()).update(found[topic, home, key])
        records.fetch(wanted)
        tails: dict[tuple[str, int, bytes | None], list[Record]] = {}
        for topic, unseen in records.tail.items():
            for record in unseen:
                tails.setdefault((topic, record.partition, record.key), []).append(record)
        for (topic, home, key), offsets in found.items():
            theirs = records.at(topic, home, offsets, key)
            theirs += tails.get((topic, home, key.encode()), [])
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
        offsets = self._records.offsets(topic, home, key)
        yield from self._records.at(topic, home, offsets, key)
        for record in self._records.tail[topic]:
            if record.partition == home and record.key == key.encode():
                yield record


def _is_click(record: Record, click_id: str) -> bool:
    try:
        said = decode_record(record)
    except UnreadableRecord:
        return False
    return bool(said.click_id == click_id)
