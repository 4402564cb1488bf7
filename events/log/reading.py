"""Reading ranges: every record from one offset to another, in order, in bulk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain

from confluent_kafka import KafkaException, TopicPartition

from events.log.connection import METADATA_TIMEOUT_S, LogError, checked, open_consumer
from events.position import Position, Record
from events.settings import Broker

BATCH = 10_000
"""Records a bulk read takes at a time."""

STALL_S = 60.0
"""How long nothing may come of what is there before a bulk read gives up."""


def partitions(broker: Broker, topic: str) -> int:
    """Number of partitions of `topic`; raises LogError when there is no such topic."""
    client = open_consumer(broker)
    try:
        found = client.list_topics(topic, METADATA_TIMEOUT_S).topics[topic]
    finally:
        client.close()
    if found.error is not None or not found.partitions:
        raise LogError(
            f"topic {topic} does not exist on {broker.servers}; `pledger up` creates the topics"
        )
    return len(found.partitions)


def watermarks(broker: Broker, topic: str) -> dict[int, tuple[int, int]]:
    """Partition → (first offset kept, next offset to be written)."""
    count = partitions(broker, topic)
    client = open_consumer(broker)
    try:
        return {
            number: client.get_watermark_offsets(TopicPartition(topic, number), METADATA_TIMEOUT_S)
            for number in range(count)
        }
    finally:
        client.close()


def offset_at(broker: Broker, topic: str, partition: int, at: int) -> int:
    """Offset of the first record the broker stamped at or after time `at` (ms since 1970
    UTC); the end as of now when there is none.

    The stamps never fall within a partition (`LogAppendTime`), so nothing later is earlier.
    """
    client = open_consumer(broker)
    try:
        asked = TopicPartition(topic, partition, max(0, at))
        [found] = client.offsets_for_times([asked], METADATA_TIMEOUT_S)
        if found.error is not None:
            raise LogError(f"{topic}/{partition}: {found.error.str()}")
        if found.offset >= 0:
            return int(found.offset)
        _, end = client.get_watermark_offsets(asked, METADATA_TIMEOUT_S)
        return int(end)
    except KafkaException as problem:
        raise LogError(f"{topic}/{partition}: {problem.args[0].str()}") from problem
    finally:
        client.close()


def read_batches(
    broker: Broker, topic: str, partition: int, start: int = 0, end: int | None = None
) -> Iterator[list[Record]]:
    """Batches of records start <= offset < end, in order; `end` None: the end as of now.

    Raises LogError when the partition no longer holds `start` (records were deleted), or
    nothing comes for `STALL_S`.
    """
    client = open_consumer(broker)
    try:
        spot = TopicPartition(topic, partition, start)
        low, high = client.get_watermark_offsets(spot, METADATA_TIMEOUT_S)
        end = high if end is None else min(end, high)
        if start >= end:
            return
        if start < low:
            raise LogError(f"{Position(topic, partition, start)} is gone: the log begins at {low}")
        client.assign([spot])
        next_offset = start
        deadline = time.monotonic() + STALL_S
        while next_offset < end:
            # consume() waits its timeout out when fewer come: never ask for more than there is.
            batch = []
            for message in client.consume(min(BATCH, end - next_offset), 5.0):
                record = checked(message, topic, partition)
                if record.offset >= end:
                    break
                batch.append(record)
            if batch:
                next_offset = batch[-1].offset + 1
                yield batch
                deadline = time.monotonic() + STALL_S
            elif time.monotonic() > deadline:
                raise LogError(
                    f"{topic}/{partition}: stuck at offset {next_offset} of {end} for "
                    f"{STALL_S:g} s; is {broker.servers} reachable?"
                )
    finally:
        client.close()


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
