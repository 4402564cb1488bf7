"""The new database filled by the ordinary sink, in processes that share the partitions."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from events.log import watermarks
from events.settings import Broker, Warehouse
from streams.rebuild.databases import RebuildError
from streams.sink_rows import TABLES

END_S = 20.0
"""How long a sink may take to finish its batch, seconds."""
SAID_CHARACTERS = 2_000
"""Of what a sink printed before it died, so much is shown."""

Spots = dict[tuple[str, int], int]
"""(topic, partition) → next offset."""


class Filling:
    """Sinks at work on the new database until `stop`; they end with this process."""

    def __init__(
        self,
        broker: Broker,
        filled: Warehouse,
        topics: Collection[str],
        processes: int,
        log: Path,
    ) -> None:
        self._broker = broker
        self._group = f"pledger-rebuild-{uuid.uuid4().hex[:12]}"
        """A new one each time: a killed rebuild's sinks may still be thought to be members."""
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "streams.sink_process", "--fill", "--group", self._group]
        command += ["--topics", ",".join(topics)]
        # By the environment: a password has no place in a list of processes.
        environment = {
            **os.environ,
            "PLEDGER_BROKER": broker.dsn,
            "PLEDGER_WAREHOUSE": _dsn(filled),
        }
        with log.open("wb") as output:
            self._sinks = [
                subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,  # Ctrl-C is for whoever started this process
                )
                for _ in range(processes)
            ]

    def check(self) -> None:
        """Raises RebuildError when a sink has died."""
        if any(sink.poll() is not None for sink in self._sinks):
            said = self._log.read_text(errors="replace")[-SAID_CHARACTERS:]
            raise RebuildError(f"a sink of the rebuild ended; it said:\n{said}")

    def stop(self) -> None:
        """Let every sink finish its batch, and wait for it."""
        for sink in self._sinks:
            sink.terminate()
        for sink in self._sinks:
            try:
                sink.wait(END_S)
            except subprocess.TimeoutExpired:
                sink.kill()
                sink.wait()
            if sink.stdin is not None:
                sink.stdin.close()
        client = AdminClient(self._broker.client(log_level=0))  # type: ignore[arg-type]
        with suppress(KafkaException):  # it expires by itself
            for answer in client.delete_consumer_groups([self._group]).values():
                answer.result(END_S)


def log_ends(broker: Broker, topics: Collection[str]) -> Spots:
    """The next offset to be written, of every partition that holds a record."""
    return {
        (topic, partition): end
        for topic in topics
        for partition, (_, end) in watermarks(broker, topic).items()
        if end
    }


def read_to(client: Client, database: str, topics: Collection[str]) -> Spots:
    """How far a database has read: by its tables, and by what was passed over."""
    parts = [
        f"SELECT '{topic}' AS topic, `partition`, max(`offset`) + 1 AS next_offset "
        f"FROM {database}.{TABLES[topic]} GROUP BY `partition`"
        for topic in topics
    ]
    parts.append(
        f"SELECT topic, `partition`, max(next_offset) FROM {database}.passed GROUP BY 1, 2"
    )
    rows = client.query(
        "SELECT topic, `partition`, max(f.next_offset) FROM "
        f"({' UNION ALL '.join(parts)}) AS f GROUP BY topic, `partition`"
    ).result_rows
    return {(topic, partition): end for topic, partition, end in rows if topic in topics}


def behind(reached: Spots, ends: Spots) -> int:
    """Records between where a database is and `ends`."""
    return sum(max(0, end - reached.get(spot, 0)) for spot, end in ends.items())


def _dsn(warehouse: Warehouse) -> str:
    secret = f"{quote(warehouse.username, safe='')}:{quote(warehouse.password, safe='')}"
    secure = "?secure=1" if warehouse.secure else ""
    where = f"{warehouse.host}:{warehouse.port}/{warehouse.database}"
    return f"clickhouse://{secret}@{where}{secure}"
