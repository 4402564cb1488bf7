"""What a proof asked for: the evidence it read, kept, so that it can be given to others.

A bundle holds neither more nor less than the proof of the account looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit.account_proof.evidence import Evidence, Withheld
from audit.decided import Decided
from events import topics
from events.attributions import Touch
from events.position import Position, Record


class Recording:
    """Evidence that keeps every record it hands out."""

    def __init__(self, source: Evidence) -> None:
        self._source = source
        self.records: dict[Position, Record] = {}
        self.stamps: list[tuple[int, int, int]] = []
        """(partition of `instructions`, offset, time) for which `stamped` said yes."""

    def of(self, topic: str) -> list[Record]:
        """The records of a topic, in the order of partitions and offsets."""
        return sorted(
            (record for record in self.records.values() if record.topic == topic),
            key=lambda record: record.position,
        )

    def partitions(self, topic: str) -> int:
        return self._source.partitions(topic)

    def decisions(self) -> Iterator[Record | Withheld]:
        for found in self._source.decisions():
            if isinstance(found, Record):
                self._keep(found)
            yield found

    def journal(self, partner: str) -> Iterator[Record]:
        return map(self._keep, self._source.journal(partner))

    def instructions(self, partner: str) -> Iterator[Record]:
        return map(self._keep, self._source.instructions(partner))

    def customers(self, partner: str, decided: Decided) -> Iterable[str]:
        return self._source.customers(partner, decided)

    def conversions(self, key: str) -> Iterator[Record]:
        return map(self._keep, self._source.conversions(key))

    def attributions(self, key: str) -> Iterator[Record]:
        return map(self._keep, self._source.attributions(key))

    def record(self, position: Position) -> Record | None:
        found = self._source.record(position)
        return None if found is None else self._keep(found)

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        found = self._source.click(touch, cited_by)
        return None if found is None else self._keep(found)

    def stamped(self, partition: int, before: int, at: int) -> bool:
        found = self._source.stamped(partition, before, at)
        known = any(
            record.topic == topics.INSTRUCTIONS
            and record.partition == partition
            and record.offset < before
            and record.recorded_at == at
            for record in self.records.values()
        )
        if found and not known and (partition, before, at) not in self.stamps:
            self.stamps.append((partition, before, at))
        return found

    def _keep(self, record: Record) -> Record:
        self.records[record.position] = record
        return record
