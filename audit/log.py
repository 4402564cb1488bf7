"""What an audit reads: a log of topics and partitions, from Kafka or from anywhere else.

Kafka's client is loaded when a ledger on Kafka is first read: a proof from a file must work
where there is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from events.position import Record
from events.settings import Broker


class Log(Protocol):
    """A log that can be read from its beginning."""

    def partitions(self, topic: str) -> int:
        """Number of partitions of `topic`."""

    def ends(self, topic: str) -> dict[int, int]:
        """Partition → the next offset to be written."""

    def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> Iterator[Record]:
        """Records start <= offset < end, in order; `end` None: the end as of now."""

    def offset_at(self, topic: str, partition: int, at: int) -> int:
        """Offset of the first record stamped at or after time `at` (ms); the end if none is."""


class KafkaLog:
    """The ledger's log on a Kafka cluster."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._partitions: dict[str, int] = {}

    def partitions(self, topic: str) -> int:
        from events import log as kafka

        if topic not in self._partitions:  # frozen once the topic exists
            self._partitions[topic] = kafka.partitions(self.broker, topic)
        return self._partitions[topic]

    def ends(self, topic: str) -> dict[int, int]:
        from events import log as kafka

        return {number: end for number, (_, end) in kafka.watermarks(self.broker, topic).items()}

    def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> Iterator[Record]:
        from events import log as kafka

        return kafka.read(self.broker, topic, partition, start, end)

    def offset_at(self, topic: str, partition: int, at: int) -> int:
        from events import log as kafka

        return kafka.offset_at(self.broker, topic, partition, at)


POLL_S = 0.1
"""How often a patient reader looks whether more came, seconds."""
DEFAULT_PATIENCE_S = 10.0
"""How long an audit waits for what a running ledger has yet to process, seconds."""


def read_patiently(
    log: Log, topic: str, partition: int, patience: float, enough: Callable[[], bool]
) -> Iterator[Record]:
    """All records of a partition. While `enough()` is false at its end, waits up to
    `patience` seconds for more: a ledger that is running has yet to process what was
    just appended upstream."""
    next_offset = 0
    deadline = time.monotonic() + patience
    while True:
        for record in log.read(topic, partition, next_offset):
            next_offset = record.offset + 1
            deadline = time.monotonic() + patience
            yield record
        if enough() or time.monotonic() >= deadline:
            return
        time.sleep(POLL_S)
