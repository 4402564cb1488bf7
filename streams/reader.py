"""Batches of the partitions that Kafka's group coordinator gives this worker.

Kafka calls back about gained and lost partitions inside `poll` and `consume`. So these
are called only between rounds, and everything happens in the processor's own thread: no
partition comes or goes, and no state is closed, while a batch is open.

Where a partition is read from is the fold's to say. Committed offsets are for monitors
of the lag, tagged so that folds that do resume from them can tell ours from an
operator's reset.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from events.log import METADATA_TIMEOUT_S, LogError
from events.position import Record
from streams.patience import answered
from streams.processor import Committed, Place, Processor

log = logging.getLogger(__name__)

BATCH = 20_000
"""Records a round takes at most."""

SESSION_MS = int(os.environ.get("PLEDGER_SESSION_MS", "6000"))
"""How long a silent worker keeps its partitions. 6 s is the least a broker takes by default."""

POLL_INTERVAL_MS = 900_000
"""How long a round, or the rebuilding of lost state, may take."""

PASSING = frozenset({KafkaError._MAX_POLL_EXCEEDED, KafkaError._TRANSPORT})
"""Errors after which librdkafka goes on by itself."""

NOT_OURS = 1 << 63
"""An offset no record has."""

Batches = dict[Place, list[Record]]


class Reader:
    """The consumer of one processor; a static member of its group, by the worker's instance."""

    def __init__(self, processor: Processor, instance: str) -> None:
        self._processor = processor
        self._failure: BaseException | None = None
        self._commit_again = False
        self._consumer = Consumer(
            processor.broker.client(
                **{
                    "group.id": f"pledger-{processor.name}",
                    "group.instance.id": instance,
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    # A position the log does not have is an error, never a new start.
                    "auto.offset.reset": "error",
                    "partition.assignment.strategy": "range",
                    "session.timeout.ms": SESSION_MS,
                    "heartbeat.interval.ms": max(100, SESSION_MS // 6),
                    "max.poll.interval.ms": POLL_INTERVAL_MS,
                    "fetch.queue.backoff.ms": 20,
                    "queued.max.messages.kbytes": 16_384,
                    "on_commit": self._committed,
                }
            )
        )
        self._consumer.subscribe(
            list(processor.topics),
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._revoked,
        )

    def take(self, timeout: float) -> Batches:
        """What has come, at most BATCH records; waits up to `timeout` s for the first.

        Raises whatever went wrong while partitions were opened, Interrupted among it.
        """
        if self._commit_again:
            self._commit_again = False
            self.commit(self._processor.folds)
        first = self._consumer.poll(timeout)
        self._raise_failure()
        if first is None:
            return {}
        messages = [first, *self._consumer.consume(BATCH - 1, 0)]
        self._raise_failure()
        return self._sorted_out(messages)

    def _sorted_out(self, messages: list[Any]) -> Batches:
        folds = self._processor.folds
        batches: Batches = {}
        found: list[Record] = []
        topic, partition, floor = "", -1, 0
        new = tuple.__new__  # a third of the time of Record(...)
        for message in messages:
            if message.error() is not None:
                self._judge(message)
                continue
            if message.partition() != partition or message.topic() != topic:
                topic, partition = message.topic(), message.partition()
                place = Place(topic, partition)
                fold = folds.get(place)
                # Taken away, or opened again further on, between poll and consume: not ours.
                floor = NOT_OURS if fold is None else fold.next_input
                found = batches.setdefault(place, [])
            offset = message.offset()
            if offset >= floor:
                time = message.timestamp()[1]
                fields = (topic, partition, offset, time, message.key(), message.value())
                found.append(new(Record, fields))
        return {place: records for place, records in batches.items() if records}

    def rewind(self, place: Place, offset: int) -> None:
        """Go on from `offset` of a partition that is ours."""
        self._consumer.seek(TopicPartition(place.topic, place.partition, offset))

    def commit(self, places: Iterable[Place]) -> None:
        """Tell the group how far the folds of `places` are. A refusal is tried again later."""
        offsets = [
            TopicPartition(place.topic, place.partition, fold.next_input, fold.tag())
            for place in places
            if (fold := self._processor.folds.get(place)) is not None
        ]
        if not offsets:
            return
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as problem:
            log.info("%s: offsets not committed: %s", self._processor.name, problem)
            self._commit_again = True

    def close(self) -> None:
        """Stop reading and close the folds. The group keeps our place for SESSION_MS."""
        self._consumer.close()

    def _committed(self, error: KafkaError | None, _offsets: list[TopicPartition]) -> None:
        if error is not None:
            self._commit_again = True

    def _assigned(self, consumer: Consumer, given: list[TopicPartition]) -> None:
        try:
            offsets = []
            committed_before = answered(
                lambda: consumer.committed(given, METADATA_TIMEOUT_S),
                f"{self._processor.name}: committed offsets",
                self._processor.stopping,
            )
            for known in committed_before:
                place = Place(known.topic, known.partition)
                committed = (
                    Committed(known.offset, known.metadata or "") if known.offset >= 0 else None
                )
                fold = self._processor.open(place, committed)
                offsets.append(TopicPartition(*place, fold.next_input))
            consumer.assign(offsets)
            self._commit_again = True
        except BaseException as problem:
            # An error must not leave a callback of librdkafka: `take` raises it.
            self._failure = problem

    def _revoked(self, consumer: Consumer, taken: list[TopicPartition]) -> None:
        try:
            for known in taken:
                self._processor.close(Place(known.topic, known.partition))
            consumer.unassign()
        except BaseException as problem:
            self._failure = problem

    def _raise_failure(self) -> None:
        if self._failure is not None:
            problem, self._failure = self._failure, None
            raise problem

    def _judge(self, message: Any) -> None:
        error: KafkaError = message.error()
        if error.code() in PASSING:
            log.warning("%s: %s", self._processor.name, error.str())
            return
        where = f"{message.topic()}/{message.partition()}/{message.offset()}"
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise LogError(
                f"{self._processor.name}: the log has no {where}: {error.str()}; it was truncated "
                "or is another one. Check PLEDGER_BROKER; delete the worker's state to begin anew"
            )
        raise LogError(f"{self._processor.name}: {where}: {error.str()}")
