"""Evidence read from the whole log: every partition that may hold anything of the partners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit.clicks import find_clicks
from audit.decided import Decided
from audit.log import Log
from audit.naming import Naming
from audit.read import Progress, counted
from events import topics
from events.attributions import Touch
from events.partitioning import partition_of
from events.position import Position, Record

UPSTREAM = (
    topics.JOURNAL,
    topics.INSTRUCTIONS,
    topics.ATTRIBUTIONS,
    topics.CONVERSIONS,
    topics.DECISIONS,
)
"""From the end of the flow to its beginning: what is cited was there before what cites it."""

Ends = dict[str, dict[int, int]]
"""Topic → partition → the next offset to be written."""


def ends_of(log: Log) -> Ends:
    """Where the log ends, so that all up to there has its evidence up to there."""
    return {topic: log.ends(topic) for topic in UPSTREAM}


class LogEvidence:
    """The evidence of any partner, from a scan of the log; reads a partition once for all
    partners that were asked for together.

    `ends`: how far to read; a log that is being written to goes on meanwhile.
    """

    def __init__(
        self,
        log: Log,
        *,
        ends: Ends | None = None,
        progress: Progress = lambda records: None,
    ) -> None:
        self._log = log
        self._ends = ends_of(log) if ends is None else ends
        self._progress = progress
        self._customers: dict[str, dict[str, list[Record]]] = {}
        """Customer → topic → its records; of those that were looked for."""

    def partitions(self, topic: str) -> int:
        return self._log.partitions(topic)

    def decisions(self) -> Iterator[Record]:
        return self._read(topics.DECISIONS, 0)

    def journal(self, partner: str) -> Iterator[Record]:
        return self._of(topics.JOURNAL, partner)

    def instructions(self, partner: str) -> Iterator[Record]:
        return self._of(topics.INSTRUCTIONS, partner)

    def customers(self, partner: str, decided: Decided) -> Iterable[str]:
        naming = Naming(decided, [partner])
        found: set[bytes] = set()
        for topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS):
            for partition in range(self.partitions(topic)):
                for record in self._read(topic, partition):
                    found.update(naming.customers(record))
        keys = sorted(key.decode(errors="replace") for key in found if key)
        self._collect(keys)
        return keys

    def conversions(self, key: str) -> Iterator[Record]:
        return self._customer(topics.CONVERSIONS, key)

    def attributions(self, key: str) -> Iterator[Record]:
        return self._customer(topics.ATTRIBUTIONS, key)

    def record(self, position: Position) -> Record | None:
        topic, partition, offset = position
        if not 0 <= offset < self._ends.get(topic, {}).get(partition, 0):
            return None
        return next(iter(self._log.read(topic, partition, offset, offset + 1)), None)

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        """Raises AuditFailed for one that is not what the touch says."""
        for _, record in find_clicks(self._log, {touch: cited_by}):
            return record
        return None

    def stamped(self, partition: int, before: int, at: int) -> bool:
        offset = self._log.offset_at(topics.INSTRUCTIONS, partition, at)
        if offset >= before:
            return False
        found = self.record(Position(topics.INSTRUCTIONS, partition, offset))
        return found is not None and found.recorded_at == at

    def _of(self, topic: str, key: str) -> Iterator[Record]:
        wanted = key.encode()
        home = partition_of(key, self.partitions(topic))
        return (record for record in self._read(topic, home) if record.key == wanted)

    def _customer(self, topic: str, key: str) -> Iterator[Record]:
        if key not in self._customers:
            self._collect([key])
        return iter(self._customers[key].get(topic, []))

    def _collect(self, keys: Iterable[str]) -> None:
        """Keep the records of these customers."""
        wanted = {key.encode(): key for key in keys}
        self._customers.update({key: {} for key in wanted.values()})
        partitions = {
            partition_of(key, self.partitions(topics.CONVERSIONS)) for key in wanted.values()
        }
        for topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS):
            for partition in sorted(partitions):
                for record in self._read(topic, partition):
                    key = wanted.get(record.key or b"")
                    if key is not None:
                        self._customers[key].setdefault(topic, []).append(record)

    def _read(self, topic: str, partition: int) -> Iterator[Record]:
        end = self._ends[topic].get(partition, 0)
        return counted(self._log.read(topic, partition, 0, end), self._progress)
