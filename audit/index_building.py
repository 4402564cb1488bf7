"""Building the index: the log followed from where the index ends, block by block.

Only keys and offsets are kept, and of conversions and attributions the names they hold.
Killed at any time, it goes on from the last block it wrote.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from audit.index import INDEXED, IndexUnusable, PositionIndex
from audit.naming import names_in
from audit.read import Progress
from events.log.connection import METADATA_TIMEOUT_S, LogError, open_consumer
from events.settings import Broker
from events.topics import ATTRIBUTIONS, CONVERSIONS

BLOCK = 500_000
"""Records of a partition whose offsets are written in one go: a key's stand side by side."""
BATCH = 20_000
STALL_S = 60.0
FOLLOW_EVERY_S = 1.0
"""How often a following builder looks for more, seconds."""
FAR_BEHIND = 50_000
"""Records an audit rather indexes for good than reads once for itself."""
NAMING_TOPICS = (ATTRIBUTIONS, CONVERSIONS)

Ends = Callable[[], dict[str, dict[int, int]]]
"""Asks where the log ends now: topic → partition → the next offset to be written."""


def extend(
    index: PositionIndex, broker: Broker, ends: Ends, progress: Progress = lambda records: None
) -> int:
    """Bring the index up to the log's end as of now; returns how many records were read."""
    known = index.ends()
    now = ends()
    total = 0
    consumer = open_consumer(broker, **{"fetch.queue.backoff.ms": 20, "fetch.wait.max.ms": 5})
    consumer.list_topics(timeout=METADATA_TIMEOUT_S)  # or each new topic waits a second
    try:
        for topic in INDEXED:
            for partition, end in sorted(now[topic].items()):
                start = known[topic].get(partition, 0)
                for read in _indexed(index, consumer, topic, partition, start, end):
                    total += read
                    progress(read)
    finally:
        consumer.close()
    if total:
        index.flush()
    return total


def follow_log(
    index: PositionIndex, broker: Broker, ends: Ends, progress: Progress = lambda records: None
) -> None:
    """Extend the index again and again, until interrupted."""
    while True:
        if not extend(index, broker, ends, progress):
            time.sleep(FOLLOW_EVERY_S)


def open_for_audit(
    directory: Path,
    log: str,
    broker: Broker,
    ends: Ends,
    progress: Progress = lambda records: None,
) -> PositionIndex:
    """The index to read; brought up first where it is far behind and nobody else is at it.

    Raises IndexUnusable, as `PositionIndex` does.
    """
    index = PositionIndex(directory, log)
    if left_to_read(index, ends()) < FAR_BEHIND:
        return index
    index.close()
    try:
        writable = PositionIndex(directory, log, writable=True)
    except IndexUnusable:  # somebody follows the log with it: what it lacks is read
        return PositionIndex(directory, log)
    extend(writable, broker, ends, progress)
    return writable


def left_to_read(index: PositionIndex, ends: dict[str, dict[int, int]]) -> int:
    """How many records the index has not seen."""
    known = index.ends()
    return sum(
        max(0, end - known[topic].get(partition, 0))
        for topic in INDEXED
        for partition, end in ends[topic].items()
    )


def _indexed(
    index: PositionIndex, consumer: Consumer, topic: str, partition: int, start: int, end: int
) -> Iterator[int]:
    """Index offsets start to end; yields how many records each step read."""
    if start >= end:
        return
    consumer.assign([TopicPartition(topic, partition, start)])
    named = topic in NAMING_TOPICS
    offsets: dict[bytes, list[int]] = {}
    names: set[tuple[bytes, bytes]] = set()
    block_end = start + BLOCK
    for messages in _batches(consumer, topic, partition, start, end):
        offset = start
        for message in messages:
            key, offset = message.key(), message.offset()
            if offset >= end:
                break
            if key is None:
                continue
            held = offsets.get(key)
            if held is None:
                offsets[key] = [offset]
            else:
                held.append(offset)
            if named:
                names.update((name, key) for name in names_in(message.value()) if name)
        start = min(offset + 1, end)
        if start >= block_end or start >= end:
            index.add(topic, partition, offsets, names, start)
            offsets, names, block_end = {}, set(), start + BLOCK
        yield len(messages)


def _batches(
    consumer: Consumer, topic: str, partition: int, start: int, end: int
) -> Iterator[list[Any]]:
    deadline = time.monotonic() + STALL_S
    while start < end:
        messages = consumer.consume(min(BATCH, end - start), 5.0)
        for message in messages:
            if (error := message.error()) is not None:
                raise LogError(f"{topic}/{partition}: {error.str()}")
        if messages:
            start = int(messages[-1].offset() or 0) + 1
            deadline = time.monotonic() + STALL_S
            yield messages
        elif time.monotonic() > deadline:
            raise LogError(f"{topic}/{partition}: stuck at offset {start} for {STALL_S:g} s")
