"""One log of decisions, followed by one thread and used by many.

Kafka has no conditional append. Here a writer produces its record, reads the log back up
to it, and so learns whether it came first for its positions (`events.first_wins`). That
needs no lock and no leader, because every reader of the log reaches the same answer.

Two threads serve all users of a `SharedLog`: one follows the log into the index, one
serves the producer's acknowledgements. A writer waits for its own offset and for nothing
else, so concurrent writers travel in the same batches, each way.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections.abc import Iterator, Sequence

from confluent_kafka import KafkaError, KafkaException, Message

from aggregates.accepted import Accepted, Row
from aggregates.acting import origin
from aggregates.waits import Wait, Waits
from events.codec import encode
from events.decisions import DecisionRecord, StoredDecision
from events.log import LogError, Tail, Writer, partitions
from events.settings import Broker

ACKNOWLEDGE_MS = 15_000
"""How long the broker may take to acknowledge an insert, milliseconds."""
READ_BACK_S = 30.0
"""How long an acknowledged record may take to be read back, seconds. Only a broker that
stopped answering takes longer than milliseconds: this ends the wait with an error."""
IDLE_S = 0.1
"""How often the serving threads look whether they should end, seconds."""

PRODUCER: dict[str, object] = {
    "message.timeout.ms": ACKNOWLEDGE_MS,
    # Group commit: what comes while one request is under way goes into the next, together.
    # Three times the inserts a second of the default, with 8 writers.
    "max.in.flight": 1,
    "log_level": 2,
}


class LogUnavailable(Exception):
    """The log cannot be read or written now; says where, why, and what is known of the write."""


class Taken(Exception):
    """Another record came first for one of the positions."""


class SharedLog:
    """The accepted events of a single-partition topic, and the way to add to them.

    Thread-safe. Raises `LogUnavailable` when the broker or the topic is not there.
    """

    def __init__(self, broker: Broker, topic: str) -> None:
        self.broker = broker
        self.topic = topic
        self._lock = threading.Lock()
        self._moved = threading.Condition(self._lock)
        self._accepted = Accepted(topic)
        self._waits = Waits()
        self._listeners: set[threading.Event] = set()
        self._failure = ""
        self._closed = False
        # First of all, so that it is connected by the time the log was read: an idempotent
        # producer asked to write before that tries again half a second later.
        self._writer = Writer(broker, linger_ms=0, **PRODUCER)
        try:
            found = partitions(broker, topic)
            if found != 1:
                raise LogUnavailable(
                    f"topic {topic} has {found} partitions; decisions need one, for their order"
                )
            self._tail = Tail(broker, topic, 0)
        except (LogError, KafkaException) as problem:
            raise LogUnavailable(f"topic {topic} on {broker.servers}: {problem}") from problem
        self._threads = [
            threading.Thread(target=work, name=f"{topic}-{work.__name__}", daemon=True)
            for work in (self._follow, self._acknowledge)
        ]
        for thread in self._threads:
            thread.start()
        atexit.register(self.close)
        try:
            self.refresh()
        except LogUnavailable:
            self.close()
            raise

    # Writing

    def insert(self, events: Sequence[StoredDecision]) -> list[int]:
        """Append `events` as one record, all or none, with who acts (`aggregates.acting`);
        their numbers.

        Raises `Taken` when another record holds one of their positions, and
        `LogUnavailable` when it is not known to be written (the text says which).
        """
        if len({(event.aggregate, event.version) for event in events}) != len(events):
            raise Taken(f"two of the events have the same version of {events[0].aggregate}")
        with self._lock:
            self._check()
            if taken := self._accepted.holder(events):
                raise Taken(taken)
        key, wait = events[0].aggregate, Wait()

        def delivered(error: KafkaError | None, message: Message) -> None:
            self._delivered(wait, error, message)

        try:
            self._writer.append(
                self.topic,
                key=key,
                value=encode(DecisionRecord(tuple(events), origin())),
                partition=0,
                on_delivery=delivered,
            )
        except KafkaException as problem:
            raise LogUnavailable(f"{key}: not written: {problem.args[0].str()}") from problem
        if self._closed:  # by another thread, just now: nobody serves the acknowledgement
            raise LogUnavailable(f"{key}: this store was closed; it may have been written")
        if not wait.ended(ACKNOWLEDGE_MS / 1000 + READ_BACK_S):
            wait.problem = "not read back in time; it is not known whether it was written"
        if wait.problem:
            raise LogUnavailable(f"{key} version {events[0].version}: {wait.problem}")
        with self._lock:
            if numbers := self._accepted.numbers_at(wait.offset, events):
                return numbers
            raise Taken(self._accepted.holder(events) or f"{key}: refused by every reader")

    def _delivered(self, wait: Wait, error: KafkaError | None, message: Message) -> None:
        """In the acknowledging thread: the record has an offset, or will not get one."""
        if error is not None:
            wait.end(
                f"{self.broker.servers} did not acknowledge it ({error.str()}); "
                "it is not known whether it was written"
            )
            return
        offset = message.offset()
        if offset is None or offset < 0:  # a retry the broker knew as one, but no longer where
            wait.end("written, but its offset is unknown and so is whether it came first")
            return
        with self._lock:
            wait.offset = offset
            if wait.offset < self._accepted.next_offset:
                wait.end()
            elif self._failure:
                wait.end(f"written, but not read back: {self._failure}")
            else:
                self._waits.add(wait)

    # Reading

    def refresh(self) -> int:
        """Read to the log's end as of now; the number of accepted events."""
        try:
            end = self._tail.end()
        except LogError as problem:
            raise LogUnavailable(str(problem)) from problem
        deadline = time.monotonic() + READ_BACK_S
        with self._moved:
            while self._accepted.next_offset < end:
                self._check()
                if not self._moved.wait(max(0.0, deadline - time.monotonic())):
                    raise LogUnavailable(
                        f"{self.topic}: read up to offset {self._accepted.next_offset}, "
                        f"not to its end {end}, in {READ_BACK_S:g} s"
                    )
            self._check()
            return len(self._accepted.rows)

    def rows(self, first: int) -> Iterator[tuple[int, Row]]:
        """(number, row) from number `first` (at least 1) to the newest known one."""
        with self._lock:
            self._check()
            newest = len(self._accepted.rows)
        for number in range(max(first, 1), newest + 1):
            yield number, self._accepted.rows[number - 1]  # rows are only ever appended

    def versions(self, aggregate: str) -> list[Row]:
        """The events of one aggregate, by version."""
        with self._lock:
            self._check()
            return self._accepted.versions(aggregate)

    @property
    def count(self) -> int:
        """How many events were accepted, as far as the log was read."""
        with self._lock:
            self._check()
            return len(self._accepted.rows)

    def listen(self, event: threading.Event) -> None:
        """Set `event` whenever events were added, and when reading ends."""
        with self._lock:
            self._listeners.add(event)

    def unlisten(self, event: threading.Event) -> None:
        """The end of `listen`."""
        with self._lock:
            self._listeners.discard(event)

    def _check(self) -> None:
        if self._closed:
            raise LogUnavailable(f"topic {self.topic}: this store is closed")
        if self._failure:
            raise LogUnavailable(f"topic {self.topic} can no longer be followed: {self._failure}")

    # The two serving threads

    def _follow(self) -> None:
        try:
            while not self._closed:
                records = self._tail.poll(IDLE_S)
                if not records:
                    continue
                with self._moved:
                    for record in records:
                        self._accepted.apply(record)
                    self._waits.read_to(self._accepted.next_offset)
                    self._moved.notify_all()
                    for event in self._listeners:
                        event.set()
        except Exception as problem:  # whatever it is, nobody may wait for this thread any longer
            self._fail(str(problem))

    def _fail(self, problem: str) -> None:
        with self._moved:
            self._failure = problem
            self._waits.fail(f"written, but not read back: {problem}")
            self._moved.notify_all()
            for event in self._listeners:
                event.set()

    def _acknowledge(self) -> None:
        while not self._closed:
            self._writer.poll(IDLE_S)

    def close(self) -> None:
        """End the threads and leave the broker. Waiting inserts end with an error."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        atexit.unregister(self.close)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._fail("this store is closed")
        with contextlib.suppress(LogError):
            self._writer.flush(1.0)
        self._tail.close()
