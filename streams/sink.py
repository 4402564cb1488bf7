"""The warehouse sink: the log's records into ClickHouse, each exactly once.

    sink = WarehouseSink(settings.broker, settings.warehouse)
    while running:
        sink.step(1.0)
    sink.close()

One batch goes through `step`, in this order; die anywhere, and nothing is lost or doubled:

    1. poll            nothing is kept yet: read again
    2. take            rows and dead letters are made in memory; the same for every reader
    3. write letters   repeated after a death; a reader ignores the second (processor, source)
    4. insert          one block a table, which ClickHouse takes whole or not at all
    5. commit          the group's offset, for lag monitors; nothing resumes from it

A sink resumes from the tables' own positions (`streams.sink_positions`), and after any
failure does the same as after a start. Inserting goes on in a thread of its own while the
next batch is read. A replaced sink that is still alive inserts rows that are there already:
equal to them, under the same key, so ReplacingMergeTree and FINAL count them once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as WarehouseError
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from events.log import METADATA_TIMEOUT_S, LogError
from events.settings import Broker, Warehouse
from streams.making import makings
from streams.patience import answered
from streams.schema import closed, migrate
from streams.sink_insert import Inserter, TablesReplaced
from streams.sink_letters import SinkLetters
from streams.sink_positions import check_cluster, readers
from streams.sink_rows import TABLES, Block, Message, Reader

GROUP = "pledger-warehouse"

SESSION_TIMEOUT_MS = 10_000
"""How long a dead sink keeps its partitions."""

BATCH_ROWS = 50_000
"""Records a batch takes at most; far below what ClickHouse splits into several blocks."""

FLUSH_INTERVAL_S = 0.2
"""Inserts follow each other no faster: a record at rest is inserted at once, a stream in
batches. (Each insert makes a part that ClickHouse has to merge.)"""

FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.2, 5.0
"""Pause after a failure of the warehouse, doubled up to the last."""

log = logging.getLogger("pledger.warehouse")

T = TypeVar("T")


class WarehouseSink:
    """Consumes every topic that has a table. Several sinks share the partitions.

    Use from one thread. Raises LogError when the broker's log does not hold what the tables
    say was read; SchemaError when the database belongs to another version or another log.
    An unreachable warehouse raises nothing: the sink waits for it, and so does the log.
    """

    def __init__(
        self,
        broker: Broker,
        warehouse: Warehouse,
        *,
        group: str = GROUP,
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
        topics: Iterable[str] = TABLES,
        opened: Callable[[Warehouse], Client] = migrate,
    ) -> None:
        """`topics`: of those that have a table, the ones to be read. `opened`: gives the
        database's client, and makes the database where the sink may."""
        self._warehouse = warehouse
        self._open = opened
        self._client: Client | None = None
        self._inserter: Inserter | None = None
        self._readers: dict[tuple[str, int], Reader] = {}
        self._assigned: list[tuple[str, int]] = []
        self._resumed = True
        """Whether the readers stand where the tables end. (Nothing is assigned yet.)"""
        self._retry_at = 0.0
        self._backoff = FIRST_BACKOFF_S
        self._flushed_at = 0.0
        self._flight: Future[None] | None = None
        self._in_flight: list[Block] = []
        self._done: dict[tuple[str, int], int] = {}
        self._commit_due = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="warehouse-insert")
        self._letters = SinkLetters(broker)
        self._consumer = Consumer(
            broker.client(
                **{
                    "group.id": group,
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "auto.offset.reset": "error",
                    "partition.assignment.strategy": "range",
                    "session.timeout.ms": session_timeout_ms,
                    "heartbeat.interval.ms": session_timeout_ms // 4,
                    "fetch.wait.max.ms": 500,
                    "queued.max.messages.kbytes": 65_536,
                    "on_commit": self._committed,
                }
            )
        )
        self._consumer.subscribe(
            list(topics), on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )

    # -- one batch -----------------------------------------------------------------------

    def step(self, timeout: float = 1.0) -> int:
        """Take one batch, waiting up to `timeout` seconds for its first record.

        Returns the rows handed to the inserter; they are visible a moment later, at the
        latest after `settle`.
        """
        if not self._resumed and not self._resume(timeout):
            return 0
        messages = self._poll(timeout)
        if not self._resumed:  # a rebalance while polling
            return 0
        blocks = list(self._take(messages))
        if not self.settle():
            return 0
        if blocks:
            assert self._inserter is not None
            self._letters.write([one for block in blocks for one in block.unreadable])
            self._in_flight = blocks
            self._flight = self._thread.submit(self._inserter.insert, blocks)
            self._flushed_at = time.monotonic()
        self._commit()
        return sum(len(block.rows) for block in blocks)

    def settle(self) -> bool:
        """Wait for the insert under way. False when it failed: `step` resumes from the tables."""
        flight, self._flight = self._flight, None
        if flight is None:
            return self._resumed
        try:
            flight.result()
        except (WarehouseError, TablesReplaced) as problem:
            self._interrupt(problem)
            return False
        for block in self._in_flight:
            self._done[block.topic, block.partition] = block.next_offset
        self._backoff = FIRST_BACKOFF_S
        self._commit_due = True
        return True

    def positions(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → next offset, of the partitions this sink holds and has settled."""
        return dict(self._done)

    def close(self) -> None:
        """Finish the insert under way, commit, and leave the group."""
        self.settle()
        self._commit(wait=True)
        self._consumer.close()
        self._thread.shutdown()
        if self._client is not None:
            self._client.close()

    def _poll(self, timeout: float) -> list[Message]:
        first = self._consumer.poll(timeout)
        if first is None:
            return []
        pause = max(0.0, self._flushed_at + FLUSH_INTERVAL_S - time.monotonic())
        return [first, *self._consumer.consume(BATCH_ROWS - 1, pause)]

    def _take(self, messages: list[Message]) -> Iterator[Block]:
        batches: dict[tuple[str, int], list[Message]] = {}
        for message in messages:
            if message.error() is not None:
                _raise_unless_passing(message)
                continue
            spot = (message.topic(), message.partition())
            batches.setdefault(spot, []).append(message)
        for spot in sorted(batches):
            if spot in self._readers:
                yield self._readers[spot].take(batches[spot])

    # -- resuming -------------------------------------------------------------------------

    def _resume(self, timeout: float) -> bool:
        """Make readers from the tables and fetch from there; False while the warehouse is away."""
        wait = self._retry_at - time.monotonic()
        if wait > 0:
            # Stay in the group meanwhile; nothing is fetched, for nothing is assigned.
            self._consumer.poll(min(wait, timeout))
            if self._retry_at > time.monotonic():
                return False
        try:
            if self._client is not None:
                self._client.close()
            self._client = self._open(self._warehouse)
            # Before the positions: an insert is for the tables that these are read from.
            self._inserter = Inserter(self._client, self._letters, makings(self._client))
            if closed(self._client):
                raise TablesReplaced(f"the tables of {self._client.database} are being exchanged")
            cluster = self._asked(lambda: self._consumer.list_topics(timeout=METADATA_TIMEOUT_S))
            check_cluster(self._client, str(cluster.cluster_id))
            self._readers = readers(self._client, self._assigned)
            self._asked(self._letters.catch_up)
        except (WarehouseError, TablesReplaced) as problem:
            self._interrupt(problem)
            return False
        self._done = {spot: reader.start for spot, reader in self._readers.items() if reader.start}
        self._consumer.assign(
            [TopicPartition(*spot, reader.start) for spot, reader in self._readers.items()]
        )
        self._resumed = self._commit_due = True
        return True

    def _asked(self, ask: Callable[[], T]) -> T:
        return answered(ask, "the broker does not answer", threading.Event())

    def _interrupt(self, problem: Exception) -> None:
        log.warning(
            "warehouse at %s:%d: %s; trying again in %.1f s",
            self._warehouse.host,
            self._warehouse.port,
            str(problem).splitlines()[0],
            self._backoff,
        )
        self._resumed = False
        self._retry_at = time.monotonic() + self._backoff
        self._backoff = min(2 * self._backoff, LAST_BACKOFF_S)
        self._consumer.assign([])

    # -- called by the consumer, while polling ---------------------------------------------

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.settle()
        self._assigned = [(spot.topic, spot.partition) for spot in partitions]
        self._readers, self._done = {}, {}
        consumer.assign([])  # until the tables have said where to begin
        self._resumed = False
        self._retry_at = 0.0

    def _revoke(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self.settle()
        self._commit(wait=True)
        self._assigned, self._readers, self._done = [], {}, {}

    def _commit(self, *, wait: bool = False) -> None:
        if not self._commit_due or not self._done:
            return
        self._commit_due = False
        offsets = [TopicPartition(*spot, offset) for spot, offset in self._done.items()]
        try:
            if wait:
                self._consumer.commit(offsets=offsets, asynchronous=False)
            else:
                self._consumer.commit(offsets=offsets)
        except KafkaException as problem:
            log.info("commit refused, lag may show too high: %s", problem)

    def _committed(self, error: KafkaError | None, _offsets: Any) -> None:
        if error is not None:
            self._commit_due = True


def _raise_unless_passing(message: Message) -> None:
    error = message.error()
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise LogError(
            f"{message.topic()}/{message.partition()}: the warehouse has read further than the log "
            f"goes, or the log lost its beginning ({error.str()}). Give the broker this database "
            "was filled from, or drop the database to have it filled anew"
        )
    if error.fatal() or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        raise LogError(f"{message.topic()}/{message.partition()}: {error.str()}")
    log.info("broker: %s", error.str())
