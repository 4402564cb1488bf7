"""Writing: nothing counts as written before the broker has acknowledged it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from events.log.connection import LogError
from events.settings import Broker


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
