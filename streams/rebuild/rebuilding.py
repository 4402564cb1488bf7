"""A rebuild from beginning to end, or from wherever an interrupted one was.

    report = Rebuild(settings.broker, settings.warehouse, home).run()

Its order: prepare the new database; fill it; hold it against the log; switch. `--database` names
the new database; everything else follows from what is found. One at a time below a home.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from msgspec import Struct

from events.log import METADATA_TIMEOUT_S, LogError
from events.settings import Broker, Warehouse
from streams.failpoints import reached as failpoint
from streams.rebuild.comparing import Compared, compare, gaps
from streams.rebuild.databases import MIGRATIONS, Databases, Note, RebuildError, prepare
from streams.rebuild.filling import Filling, Spots, behind, log_ends, read_to
from streams.rebuild.switching import Switch, left_to_exchange
from streams.sink_rows import TABLES

NEAR_S = 3.0
"""The new database has caught up when what was in the log is in it so many seconds later."""
LOOK_S = 0.25
MAX_SINKS = 2
"""Sinks that fill at once, unless asked otherwise; more gain nothing beside one warehouse."""

Count = Callable[[int], None]


class NotTheLog(RuntimeError):
    """The new database does not hold what the log does; says what, and nothing was switched."""

    def __init__(self, database: str, found: list[str]) -> None:
        super().__init__(
            f"{database} does not hold what the log does: {'; '.join(found)}. Nothing was "
            f"switched over; drop {database} and rebuild again"
        )
        self.found = found


class RebuildReport(Struct):
    """What a rebuild did."""

    database: str
    before: str
    """Where the old tables are."""
    generation: str
    resumed: bool
    filled: int
    """Records read into the new database by this run."""
    fill_seconds: float
    records_per_second: int
    switch_seconds: float
    compared: Compared


class Rebuild:
    """One rebuild of `warehouse`'s database. `home`: for the lock and the sinks' output."""

    def __init__(
        self,
        broker: Broker,
        warehouse: Warehouse,
        home: Path,
        *,
        database: str = "",
        sinks: int = 0,
        expect: Count = lambda records: None,
        progress: Count = lambda records: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`database`: name of the new one. `sinks`: 0, as many as pay. `expect` is told how many
        records are to be read, again whenever more have come; `progress` of more that were."""
        self._broker = broker
        self._home = home
        self._databases = Databases.of(warehouse, database)
        self._sinks = sinks or max(1, min(MAX_SINKS, (os.cpu_count() or 1) - 1))
        self._expect, self._progress, self._say = expect, progress, say
        self._server: Client
        self._topics: list[str] = []
        self._filling: Filling | None = None
        self._start = self._told = 0

    def run(self) -> RebuildReport:
        """Rebuild and switch over. Raises RebuildError, NotTheLog, LogError, SchemaError, and
        the warehouse client's errors; then running it again goes on."""
        databases = self._databases
        with _alone(self._home):
            self._server = databases.server()
            try:
                note = prepare(self._server, databases, _cluster_id(self._broker))
                if note.resumed:
                    self._say(f"going on with the rebuild in database {databases.new}")
                failpoint("rebuild", "prepared")
                left = left_to_exchange(self._server, databases, note)
                self._topics = [topic for topic, table in TABLES.items() if table in left]
                return self._fill_and_switch(note)
            finally:
                if self._filling is not None:
                    self._stop_filling()
                self._server.close()

    def _fill_and_switch(self, note: Note) -> RebuildReport:
        databases = self._databases
        began = time.monotonic()
        self._start = self._told = sum(self._reached().values())
        if self._topics:
            log = self._home / "logs" / "rebuild.log"
            self._filling = Filling(self._broker, databases.filled, self._topics, self._sinks, log)
            self._fill()
        filled, seconds = self._told - self._start, time.monotonic() - began
        failpoint("rebuild", "filled")
        compared = self._compare()
        failpoint("rebuild", "compared")
        began = time.monotonic()
        Switch(self._server, databases, note, self._await, self._stop_filling).run()
        return RebuildReport(
            database=databases.live,
            before=databases.before,
            generation=note.makings[MIGRATIONS],
            resumed=note.resumed,
            filled=filled,
            fill_seconds=round(seconds, 3),
            records_per_second=int(filled / seconds) if seconds else 0,
            switch_seconds=round(time.monotonic() - began, 3),
            compared=compared,
        )

    def _fill(self) -> None:
        """Until the new database is as near to the log's end as a sink ever is."""
        while True:
            ends = log_ends(self._broker, self._topics)
            asked = time.monotonic()
            self._await(ends)
            if time.monotonic() - asked < NEAR_S:
                return

    def _await(self, ends: Spots) -> None:
        """Return once the new tables have read up to `ends`, as far as the log goes."""
        there = log_ends(self._broker, self._topics)
        wanted = {spot: min(end, there.get(spot, 0)) for spot, end in ends.items()}
        while True:
            if self._filling is not None:
                self._filling.check()
            reached = self._reached()
            self._tell(reached, there)
            if not behind(reached, wanted):
                return
            time.sleep(LOOK_S)

    def _reached(self) -> Spots:
        if not self._topics:
            return {}
        return read_to(self._server, self._databases.new, self._topics)

    def _tell(self, reached: Spots, ends: Spots) -> None:
        now = sum(reached.values())
        self._expect(now - self._start + behind(reached, ends))
        self._progress(now - self._told)
        self._told = now

    def _compare(self) -> Compared:
        """At a standstill of neither: both are compared up to where they are now."""
        databases = self._databases
        reached = self._reached()
        if found := gaps(self._server, self._broker, databases.new, reached):
            raise NotTheLog(databases.new, found)
        return compare(self._server, databases.live, databases.new, reached, self._topics)

    def _stop_filling(self) -> None:
        if self._filling is not None:
            self._filling.stop()
            self._filling = None


def _cluster_id(broker: Broker) -> str:
    client = AdminClient(broker.client(log_level=0))  # type: ignore[arg-type]
    try:
        return str(client.list_topics(timeout=METADATA_TIMEOUT_S).cluster_id)
    except KafkaException as problem:
        raise LogError(f"no broker answers at {broker.servers}: {problem}") from problem


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """The lock ends with this process, however that ends."""
    path = home / "run" / "rebuild.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RebuildError(f"another rebuild is under way ({path} is locked)") from None
        yield
