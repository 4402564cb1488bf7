"""Following one partition: its records as they come, and where it ends now."""

from __future__ import annotations

import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

from events.log.connection import METADATA_TIMEOUT_S, LogError, checked, open_consumer
from events.log.reading import BATCH
from events.position import Record
from events.settings import Broker


class Tail:
    """Follows one partition from an offset; `poll` wakes as soon as records come."""

    def __init__(self, broker: Broker, topic: str, partition: int, start: int = 0) -> None:
        self._broker = broker
        self._consumer = open_consumer(broker, **{"fetch.wait.max.ms": 500})
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
            checked(message, self._spot.topic, self._spot.partition)
            for message in (first, *self._consumer.consume(BATCH, 0))
        ]
        self.next_offset = records[-1].offset + 1
        return records

    def end(self) -> int:
        """The next offset to be written, as the broker says now.

        Any thread may ask, also while another polls. Raises LogError when nobody answers.
        """
        if self._asking is None:
            self._asking = open_consumer(self._broker)
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
        """Leave the broker."""
        self._consumer.close()
        if self._asking is not None:
            self._asking.close()
