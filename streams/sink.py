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

import argparse
import logging
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from events import topics
from events.codec import encode
from events.log import METADATA_TIMEOUT_S, LogError, Writer, to_record
from events.settings import Broker, Warehouse
from streams.schema import generation, migrate
from streams.sink_positions import check_cluster, own_letters, readers
from streams.sink_rows import TABLES, Block, Message, Reader, canonical_row, letter

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

INSERT_SETTINGS = {
    "async_insert": 0,
    "input_format_parallel_parsing": 0,  # one block, so that the insert is atomic
    "max_insert_block_size": 1_000_000,
    "min_insert_block_size_rows": 1_000_000,
    "min_insert_block_size_bytes": 1_000_000_000,
    "optimize_on_insert": 0,  # a batch has no two rows of one key
    "input_format_skip_unknown_fields": 1,
    "input_format_json_read_arrays_as_strings": 1,
}

REFUSALS = {6, 26, 27, 33, 53, 69, 70, 72, 117, 131, 321}
"""ClickHouse's codes for rows it cannot parse or hold: a matter of a row, not of the server."""

log = logging.getLogger("pledger.warehouse")


class TablesReplaced(RuntimeError):
    """The database was made anew since its positions were read."""


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
    ) -> None:
        self._warehouse = warehouse
        self._client: Client | None = None
        self._generation = ""
        self._readers: dict[tuple[str, int], Reader] = {}
        self._known_letters: set[str] = set()
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
        self._inserter = ThreadPoolExecutor(1, thread_name_prefix="warehouse-insert")
        self._letters = Writer(broker, linger_ms=5)
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
            list(TABLES), on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
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
            self._write_letters(blocks)
            self._in_flight = blocks
            self._flight = self._inserter.submit(self._insert, blocks)
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
        except (ClickHouseError, TablesReplaced) as problem:
            self._interrupt(problem)
            return False
        for block in self._in_flight:
            self._done[block.topic, block.partition] = block.next_offset
            self._known_letters.update(letter.source for letter in block.letters)
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
        self._inserter.shutdown()
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

    def _write_letters(self, blocks: list[Block]) -> None:
        new = [one for block in blocks for one in block.letters]
        for one in new:
            if one.source not in self._known_letters:
                log.warning("unreadable: %s: %s", one.source, one.error)
                self._letters.append(topics.DEAD_LETTERS, key=one.source, value=encode(one))
        if new:
            self._letters.flush()

    # -- inserting, in the inserter's thread ----------------------------------------------

    def _insert(self, blocks: list[Block]) -> None:
        assert self._client is not None
        if generation(self._client) != self._generation:
            raise TablesReplaced(f"database {self._warehouse.database} was made anew")
        for topic, table in TABLES.items():
            rows = [row for block in blocks if block.topic == topic for row in block.rows]
            if rows:
                try:
                    self._insert_rows(table, rows)
                except ClickHouseError as problem:
                    if getattr(problem, "code", None) not in REFUSALS:
                        raise
                    self._insert_singly(topic, table, blocks)
        passed = [
            encode(
                {
                    "topic": block.topic,
                    "partition": block.partition,
                    "next_offset": block.next_offset,
                }
            )
            for block in blocks
            if block.passed
        ]
        if passed:
            self._insert_rows("passed", passed)

    def _insert_rows(self, table: str, rows: list[bytes]) -> None:
        assert self._client is not None
        self._client.raw_insert(
            table, insert_block=b"\n".join(rows), fmt="JSONEachRow", settings=INSERT_SETTINGS
        )

    def _insert_singly(self, topic: str, table: str, blocks: list[Block]) -> None:
        """A row that ClickHouse refuses must not hold up the others: find it by halves, in
        canonical form, and write a dead letter of it."""

        def insert(messages: list[Message]) -> None:
            try:
                self._insert_rows(table, [canonical_row(topic, message) for message in messages])
            except ClickHouseError as problem:
                if getattr(problem, "code", None) not in REFUSALS:
                    raise
                if len(messages) > 1:
                    insert(messages[: len(messages) // 2])
                    insert(messages[len(messages) // 2 :])
                    return
                refused = letter(to_record(messages[0]), f"ClickHouse refuses the row: {problem}")
                self._letters.append(topics.DEAD_LETTERS, key=refused.source, value=encode(refused))
                self._letters.flush()

        insert([message for block in blocks if block.topic == topic for message in block.messages])

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
            self._client = migrate(self._warehouse)
            self._generation = generation(self._client)
            cluster = self._consumer.list_topics(timeout=METADATA_TIMEOUT_S).cluster_id
            check_cluster(self._client, str(cluster))
            self._readers = readers(self._client, self._assigned)
            self._known_letters = own_letters(self._client)
        except ClickHouseError as problem:
            self._interrupt(problem)
            return False
        except KafkaException as problem:
            raise LogError(f"the broker does not answer: {problem}") from problem
        self._done = {spot: reader.start for spot, reader in self._readers.items() if reader.start}
        self._consumer.assign(
            [TopicPartition(*spot, reader.start) for spot, reader in self._readers.items()]
        )
        self._resumed = self._commit_due = True
        return True

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


def main() -> None:
    """A sink in a process of its own, until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m streams.sink", description=main.__doc__)
    parser.add_argument("broker", type=Broker.parse)
    parser.add_argument("warehouse", type=Warehouse.parse)
    parser.add_argument("--group", default=GROUP)
    parser.add_argument("--session-timeout-ms", type=int, default=SESSION_TIMEOUT_MS)
    options = parser.parse_args()
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sink = WarehouseSink(
        options.broker,
        options.warehouse,
        group=options.group,
        session_timeout_ms=options.session_timeout_ms,
    )
    try:
        while running:
            sink.step(1.0)
    finally:
        sink.close()


if __name__ == "__main__":
    main()
