"""Sinks for tests: run until the log's end, started as processes, and compared by content."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

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
def open_sink(stage: Settings) -> Iterator[Callable[..., WarehouseSink]]:
    """Open a sink in a group of this test; all are closed with the test, passed or failed.

    (A member left behind holds its group up until it is given up, five minutes later: it
    would hold up a following test that used the same group.)
    """
    group = f"sinks-{uuid4().hex}"
    opened: list[WarehouseSink] = []

    def open_(warehouse: Warehouse | None = None, **options: object) -> WarehouseSink:
        options = {"group": group, "session_timeout_ms": 6_000, **options}
        opened.append(WarehouseSink(stage.broker, warehouse or stage.warehouse, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_
    for sink in opened:
        sink.close()


@pytest.fixture
def sink(open_sink: Callable[..., WarehouseSink]) -> WarehouseSink:
    return open_sink(session_timeout_ms=SESSION_MS)


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
