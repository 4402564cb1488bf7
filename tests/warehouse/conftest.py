"""Sinks for tests: run until the log's end, started as processes, and compared by content."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from events.log import watermarks
from events.settings import Broker, Settings, Warehouse
from streams.sink import WarehouseSink
from streams.sink_rows import TABLES

SESSION_MS = 1_500
DEADLINE_S = 90


@pytest.fixture
def stage(ledger: Settings, warehouse_database: Warehouse) -> Settings:
    """An empty log and an empty database."""
    return replace(ledger, warehouse=warehouse_database)


@pytest.fixture
def sink(stage: Settings) -> Iterator[WarehouseSink]:
    found = WarehouseSink(stage.broker, stage.warehouse, session_timeout_ms=SESSION_MS)
    yield found
    found.close()


@pytest.fixture
def start_sink(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `python -m streams.sink_process` for settings; all are ended with the test."""
    children: list[subprocess.Popen[bytes]] = []

    def start(settings: Settings, group: str = "sinks") -> subprocess.Popen[bytes]:
        target = settings.warehouse
        command = [sys.executable, "-m", "streams.sink_process", settings.broker.servers]
        command += [f"{target.host}:{target.port}/{target.database}", "--group", group]
        command += ["--session-timeout-ms", str(SESSION_MS)]
        with (tmp_path / "sinks.log").open("ab") as log:
            children.append(subprocess.Popen(command, stdout=log, stderr=log))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait(10)


def ends(broker: Broker) -> dict[tuple[str, int], int]:
    """(topic, partition) → next offset of the log, where anything was written."""
    return {
        (topic, partition): end
        for topic in TABLES
        for partition, (_, end) in watermarks(broker, topic).items()
        if end
    }


def drain(sink: WarehouseSink, broker: Broker) -> None:
    """Step until the sink has read the log to its end."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        sink.step(0.2)
        sink.settle()
        if sink.positions() == ends(broker):
            return
        assert time.monotonic() < deadline, f"at {sink.positions()} of {ends(broker)}"


def freshness(client: Client) -> dict[tuple[str, int], int]:
    rows = client.query("SELECT topic, partition, next_offset FROM freshness").result_rows
    return {(topic, partition): end for topic, partition, end in rows}


def contents(client: Client) -> dict[str, tuple[int, int]]:
    """Table → rows and a hash over all of them, in any order, each key once."""
    return {
        table: tuple(
            client.query(
                f"SELECT count(), groupBitXor(cityHash64(toString(tuple(*)))) FROM {table} FINAL"
            ).result_rows[0]
        )
        for table in TABLES.values()
    }
