"""Records fetched by their positions: many seeks at once, no more read than is asked for.

A fetch of Kafka gives at least one batch of records from an offset on. With the smallest
fetch, a few consumers, and all partitions of each under way at the same time, a record costs
a fraction of a millisecond. Offsets that stand close together are read in one go instead.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from events.log.connection import METADATA_TIMEOUT_S, LogError, checked, open_consumer
from events.position import Record
from events.settings import Broker

Spot = tuple[str, int]
"""Topic and partition."""
Wanted = Mapping[Spot, Sequence[int]]
"""Offsets by partition, rising."""

READERS = 4
"""Consumers at work at once."""
NEAR = 400
"""Offsets no further apart are read in one go: a seek costs as much as so many records."""
STALL_S = 30.0
BATCH = 10_000
SINGLE = {
    "fetch.wait.max.ms": 1,
    "fetch.queue.backoff.ms": 1,
    "max.partition.fetch.bytes": 1,  # one batch: the broker gives no less
    "queued.min.messages": 1,
}
"""Settings of a consumer that wants a record here and one there."""
SERIES = {"fetch.wait.max.ms": 1, "fetch.queue.backoff.ms": 1}
"""Settings of one that reads on from an offset."""


class Sought(NamedTuple):
    """A record that is looked for near its time."""

    partition: int
    at: int
    """Not stamped earlier, ms."""
    holds: bytes
    """Bytes of its value that no other has."""


class Fetcher:
    """Reads single records of a broker's topics. Close it after use."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._idle: SimpleQueue[Consumer] = SimpleQueue()
        self._following = self._open(SERIES)
        self._opened: list[Consumer] = [self._following]
        self._pool = ThreadPoolExecutor(READERS)
        self.fetched = 0
        """Records asked for by position so far."""
        self.passed = 0
        """Records that came along with them, or were read in series."""

    def fetch(self, wanted: Wanted) -> dict[Spot, dict[int, Record]]:
        """The records at these offsets; one that is not there is left out."""
        shares: list[dict[Spot, Sequence[int]]] = [{} for _ in range(READERS)]
        for spot, offsets in wanted.items():
            for number, part in enumerate(_parts(offsets)):
                shares[number][spot] = part
        found: dict[Spot, dict[int, Record]] = {spot: {} for spot in wanted}
        for records in self._pool.map(self._share, [share for share in shares if share]):
            for record in records:
                found[record.topic, record.partition][record.offset] = record
        return found

    def search(self, topic: str, sought: Sequence[Sought], limit: int) -> list[Record | None]:
        """Each of the records, among the first `limit` from its time on; None: not there."""
        size = max(1, -(-len(sought) // READERS))
        shares = [sought[start : start + size] for start in range(0, len(sought), size)]
        found = self._pool.map(lambda share: self._search(topic, share, limit), shares)
        return [record for share in found for record in share]

    def series(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        """Records start <= offset < end, one after another; one series at a time."""
        if start >= end:
            return
        consumer = self._following
        consumer.assign([TopicPartition(topic, partition, start)])
        deadline = time.monotonic() + STALL_S
        try:
            while start < end:
                for message in consumer.consume(min(BATCH, end - start), 1.0):
                    record = checked(message, topic, partition)
                    start = record.offset + 1
                    deadline = time.monotonic() + STALL_S
                    if record.offset < end:
                        self.passed += 1
                        yield record
                _give_up(deadline, topic, partition)
        finally:
            consumer.unassign()

    def offset_at(self, topic: str, partition: int, at: int) -> int | None:
        """Offset of the first record stamped at or after time `at` (ms); None: there is none."""
        asked = TopicPartition(topic, partition, max(0, at))
        try:
            [found] = self._following.offsets_for_times([asked], METADATA_TIMEOUT_S)
        except KafkaException as problem:
            raise LogError(f"{topic}/{partition}: {problem.args[0].str()}") from problem
        return int(found.offset) if found.error is None and found.offset >= 0 else None

    def close(self) -> None:
        """Leave the broker."""
        self._pool.shutdown()
        for consumer in self._opened:
            consumer.close()

    def _share(self, wanted: Wanted) -> list[Record]:
        consumer = self._take()
        try:
            return self._fetch(consumer, wanted)
        finally:
            # A pause outlives the assignment: whoever takes the consumer next would wait.
            consumer.resume([TopicPartition(*spot) for spot, offsets in wanted.items() if offsets])
            consumer.unassign()
            self._idle.put(consumer)

    def _fetch(self, consumer: Consumer, wanted: Wanted) -> list[Record]:
        """All partitions are under way at once; each goes on to its next offset by itself."""
        left = {spot: list(reversed(offsets)) for spot, offsets in wanted.items() if offsets}
        consumer.assign([TopicPartition(*spot, offsets[-1]) for spot, offsets in left.items()])
        found: list[Record] = []
        passed = 0
        deadline = time.monotonic() + STALL_S
        while left:
            message = consumer.poll(1.0)
            if message is None:
                spot = next(iter(left))
                _give_up(deadline, *spot)
                continue
            deadline = time.monotonic() + STALL_S
            spot = (str(message.topic()), int(message.partition() or 0))
            offsets = left.get(spot)
            if offsets is None:
                continue
            record = checked(message, *spot)
            passed += 1
            while offsets and offsets[-1] < record.offset:
                offsets.pop()  # not there
            if offsets and offsets[-1] == record.offset:
                offsets.pop()
                found.append(record)
            if not offsets:
                del left[spot]
                consumer.pause([TopicPartition(*spot)])
            elif offsets[-1] > record.offset + NEAR:
                consumer.seek(TopicPartition(*spot, offsets[-1]))
        self.fetched += len(found)
        self.passed += passed - len(found)
        return found

    def _search(self, topic: str, sought: Sequence[Sought], limit: int) -> list[Record | None]:
        consumer = self._take()
        try:
            return [self._near(consumer, topic, one, limit) for one in sought]
        except KafkaException as problem:
            raise LogError(f"{topic}: {problem.args[0].str()}") from problem
        finally:
            consumer.unassign()
            self._idle.put(consumer)

    def _near(self, consumer: Consumer, topic: str, sought: Sought, limit: int) -> Record | None:
        asked = TopicPartition(topic, sought.partition, max(0, sought.at))
        [start] = consumer.offsets_for_times([asked], METADATA_TIMEOUT_S)
        if start.error is not None or start.offset < 0:
            return None
        _, end = consumer.get_watermark_offsets(asked, cached=True)
        if end < 0:  # nothing was fetched of it yet
            _, end = consumer.get_watermark_offsets(asked, METADATA_TIMEOUT_S)
        consumer.assign([start])
        deadline = time.monotonic() + STALL_S
        last = min(start.offset + limit, end) - 1
        while True:
            message = consumer.poll(1.0)
            if message is None:
                _give_up(deadline, topic, sought.partition)
                continue
            record = checked(message, topic, sought.partition)
            if sought.holds in (record.value or b""):
                self.fetched += 1
                return record
            self.passed += 1
            if record.offset >= last:
                return None

    def _take(self) -> Consumer:
        if self._idle.empty():
            consumer = self._open(SINGLE)
            self._opened.append(consumer)
            return consumer
        return self._idle.get()

    def _open(self, settings: dict[str, int]) -> Consumer:
        """A consumer that knows where all partitions are: one that does not, and is connected
        already, waits a second before it asks."""
        consumer = open_consumer(self._broker, **settings)
        consumer.list_topics(timeout=METADATA_TIMEOUT_S)
        return consumer


def _parts(offsets: Sequence[int]) -> Iterator[Sequence[int]]:
    """The offsets in as many parts as there are readers, each a stretch of the partition."""
    size = -(-len(offsets) // READERS)
    return (offsets[start : start + size] for start in range(0, len(offsets), max(1, size)))


def _give_up(deadline: float, topic: str, partition: int) -> None:
    if time.monotonic() > deadline:
        raise LogError(f"{topic}/{partition}: nothing came for {STALL_S:g} s")
