"""The log: writing that is acknowledged, reading ranges, and following the end.

writer = Writer(broker)                    # idempotent, acks=all
writer.append("clicks", key="link-1", value=encode(click)); writer.flush()

for record in read(broker, "journal", 3): …        # up to the end as of now
tail = Tail(broker, "decisions", 0); tail.poll(0.5)  # follows, wakes at once
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from events.click_token import MAX_FUTURE_MS, Malformed, token_time
from events.codec import decode_record
from events.partitioning import partition_of
from events.position import Position, Record
from events.settings import Broker

BATCH = 10_000
"""Records a bulk read takes at a time."""

METADATA_TIMEOUT_S = 10.0


class LogError(RuntimeError):
    """The log could not be written or read; says where and what the broker said."""


class Writer:
    """An idempotent producer. A record counts as written once `flush` returns."""

    def __init__(self, broker: Broker, *, linger_ms: int = 20, **settings: object) -> None:
        self._producer = Producer(
            broker.client(
                **{
                    "enable.idempotence": True,
                    "acks": "all",
                    "linger.ms": linger_ms,
                    "compression.type": "lz4",
                    "batch.size": 1_000_000,
                    "partitioner": "murmur2_random",
                    # Never purge a record in a broker stall: later ones would overtake it.
                    "message.timeout.ms": 0,
                    "queue.buffering.max.messages": 1_000_000,
                    **settings,
                }
            )
        )
        self._error: KafkaError | None = None

    def append(
        self,
        topic: str,
        *,
        key: str | bytes,
        value: bytes,
        partition: int = -1,
        on_delivery: Callable[[KafkaError | None, Message], Any] | None = None,
    ) -> None:
        """Queue a record; blocks while the producer's queue is full."""
        if not key:
            raise ValueError(f"{topic}: a record without a key; every record of the ledger has one")
        while True:
            try:
                self._producer.produce(
                    topic, value, key, partition=partition, on_delivery=on_delivery or self._note
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def append_all(
        self, topic: str, partition: int, records: Iterable[tuple[str | bytes, bytes]]
    ) -> None:
        """Queue (key, value) records for one partition, in order; the tight loop of `append`."""
        produce, note = self._producer.produce, self._note
        for key, value in records:
            try:
                produce(topic, value, key, partition, note)
            except BufferError:
                self.append(topic, key=key, value=value, partition=partition)

    def poll(self, timeout: float = 0.0) -> None:
        """Serve delivery callbacks."""
        self._producer.poll(timeout)

    def flush(self, timeout: float = 60.0) -> None:
        """Wait until all is acknowledged; raises LogError when it is not."""
        left = self._producer.flush(timeout)
        if self._error is not None:
            problem, self._error = self._error, None
            raise LogError(f"a record was refused: {problem.str()}")
        if left:
            raise LogError(f"{left} records not acknowledged within {timeout:g} s")

    def _note(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._error = error


def _consumer(broker: Broker, **settings: object) -> Consumer:
    return Consumer(
        broker.client(
            **{
                "group.id": "unused",  # positions are ours; nothing is committed
                "enable.auto.commit": False,
                "enable.partition.eof": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 50,
                "queued.max.messages.kbytes": 65_536,
                **settings,
            }
        )
    )


def to_record(message: Any) -> Record:
    """A consumed message without an error, as the record it is."""
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
    )


def _checked(message: Any, topic: str, partition: int) -> Record:
    error = message.error()
    if error is not None:
        raise LogError(f"{topic}/{partition}: {error.str()}")
    offset, stamp = message.offset(), message.timestamp()[1]
    return Record(topic, partition, offset, stamp, message.key(), message.value())


def partitions(broker: Broker, topic: str) -> int:
    """Number of partitions of `topic`; raises LogError when there is no such topic."""
    consumer = _consumer(broker)
    try:
        found = consumer.list_topics(topic, METADATA_TIMEOUT_S).topics[topic]
    finally:
        consumer.close()
    if found.error is not None or not found.partitions:
        raise LogError(
            f"topic {topic} does not exist on {broker.servers}; `pledger up` creates the topics"
        )
    return len(found.partitions)


def watermarks(broker: Broker, topic: str) -> dict[int, tuple[int, int]]:
    """Partition → (first offset kept, next offset to be written)."""
    count = partitions(broker, topic)
    consumer = _consumer(broker)
    try:
        return {
            number: consumer.get_watermark_offsets(
                TopicPartition(topic, number), METADATA_TIMEOUT_S
            )
            for number in range(count)
        }
    finally:
        consumer.close()


def read_batches(
    broker: Broker, topic: str, partition: int, start: int = 0, end: int | None = None
) -> Iterator[list[Record]]:
    """Batches of records start <= offset < end, in order; `end` None: the end as of now.

    Raises LogError when the partition no longer holds `start` (records were deleted).
    """
    consumer = _consumer(broker)
    try:
        spot = TopicPartition(topic, partition, start)
        low, high = consumer.get_watermark_offsets(spot, METADATA_TIMEOUT_S)
        end = high if end is None else min(end, high)
        if start >= end:
            return
        if start < low:
            raise LogError(f"{Position(topic, partition, start)} is gone: the log begins at {low}")
        consumer.assign([spot])
        next_offset = start
        while next_offset < end:
            # consume() waits its timeout out when fewer come: never ask for more than there is.
            batch = []
            for message in consumer.consume(min(BATCH, end - next_offset), 5.0):
                record = _checked(message, topic, partition)
                if record.offset >= end:
                    break
                batch.append(record)
            if batch:
                next_offset = batch[-1].offset + 1
                yield batch
    finally:
        consumer.close()


def read(
    broker: Broker, topic: str, partition: int, start: int = 0, end: int | None = None
) -> Iterator[Record]:
    """As `read_batches`, a record at a time."""
    return chain.from_iterable(read_batches(broker, topic, partition, start, end))


def read_one(broker: Broker, position: Position) -> Record:
    """The record at `position`; raises LogError when there is none."""
    for record in read(
        broker, position.topic, position.partition, position.offset, position.offset + 1
    ):
        return record
    raise LogError(f"{position}: no record there")


class Tail:
    """Follows one partition from an offset; `poll` wakes as soon as records come."""

    def __init__(self, broker: Broker, topic: str, partition: int, start: int = 0) -> None:
        self._broker = broker
        self._consumer = _consumer(broker, **{"fetch.wait.max.ms": 500})
        # A client of its own: a question to the broker would wait behind the fetch that is
        # waiting for records, and for ever while another thread polls.
        self._asking: Consumer | None = None
        self._spot = TopicPartition(topic, partition)
        # An offset, not OFFSET_BEGINNING: that costs half a second, and hides deleted records.
        self._consumer.assign([TopicPartition(topic, partition, start)])
        self.next_offset = start

    def poll(self, timeout: float = 1.0) -> list[Record]:
        """Records that are there, waiting up to `timeout` seconds for the first."""
        first = self._consumer.poll(timeout)
        if first is None:
            return []
        records = [
            _checked(message, self._spot.topic, self._spot.partition)
            for message in (first, *self._consumer.consume(BATCH, 0))
        ]
        self.next_offset = records[-1].offset + 1
        return records

    def end(self) -> int:
        """The next offset to be written, as the broker says now.

        Any thread may ask, also while another polls. Raises LogError when nobody answers.
        """
        if self._asking is None:
            self._asking = _consumer(self._broker)
        try:
            _, high = self._asking.get_watermark_offsets(self._spot, METADATA_TIMEOUT_S)
        except KafkaException as problem:
            raise LogError(
                f"{self._spot.topic}/{self._spot.partition}: {self._broker.servers} does not say "
                f"where it ends: {problem.args[0].str()}"
            ) from problem
        return int(high)

    def read_to(self, end: int, timeout: float = 30.0) -> list[Record]:
        """All records below offset `end` that were not read yet."""
        deadline = time.monotonic() + timeout
        records: list[Record] = []
        while self.next_offset < end:
            records += self.poll(0.5)
            if time.monotonic() > deadline:
                raise LogError(
                    f"{self._spot.topic}/{self._spot.partition}: "
                    f"offset {end} not reached within {timeout:g} s"
                )
        return records

    def close(self) -> None:
        self._consumer.close()
        if self._asking is not None:
            self._asking.close()


CLICK_SEARCH_MS = 15 * 60 * 1000
"""How long after the time in its token a click is looked for (it is written at once)."""


def find_click(broker: Broker, topic: str, link: str, click_id: str) -> Record | None:
    """The first record of a click, found by the time its token carries; None if not there.

    A click that was imported later than `CLICK_SEARCH_MS` after it happened is found by
    reading the link's partition whole.
    """
    try:
        clicked_at = token_time(click_id)
    except Malformed:
        return None
    partition = partition_of(link, partitions(broker, topic))
    consumer = _consumer(broker)
    try:
        [spot] = consumer.offsets_for_times(
            [TopicPartition(topic, partition, max(0, clicked_at - MAX_FUTURE_MS))],
            METADATA_TIMEOUT_S,
        )
        [until] = consumer.offsets_for_times(
            [TopicPartition(topic, partition, clicked_at + CLICK_SEARCH_MS)], METADATA_TIMEOUT_S
        )
    except KafkaException as problem:
        raise LogError(f"{topic}/{partition}: {problem}") from problem
    finally:
        consumer.close()
    if spot.offset >= 0:
        near_end = until.offset if until.offset >= 0 else None
        if found := _search(broker, topic, partition, spot.offset, near_end, click_id):
            return found
    return _search(broker, topic, partition, 0, None, click_id)


def _search(
    broker: Broker, topic: str, partition: int, start: int, end: int | None, click_id: str
) -> Record | None:
    needle = click_id.encode()
    for record in read(broker, topic, partition, start, end):
        if (
            record.value is not None
            and needle in record.value
            and decode_record(record).click_id == click_id
        ):
            return record
    return None
