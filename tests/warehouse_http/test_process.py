"""The warehouse as a process: what survives, what is refused, how it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from events.settings import Warehouse
from tests.warehouse_fixture import WarehouseProcess


@pytest.fixture
def process(tmp_path: Path) -> Iterator[WarehouseProcess]:
    process = WarehouseProcess(tmp_path / "tables")
    yield process
    process.kill()


def ask(place: Warehouse, text: str) -> str:
    answer = httpx.post(f"http://{place.host}:{place.port}/", content=text, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.warehouse", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_what_was_acknowledged_survives_kill_9(process: WarehouseProcess) -> None:
    place = process.start()
    ask(place, "CREATE DATABASE ledger")
    ask(place, "CREATE TABLE ledger.n (a UInt64) ENGINE = MergeTree ORDER BY a")
    for turn in range(3):
        for block in range(5):
            ask(place, f"INSERT INTO ledger.n SELECT number + {block} FROM numbers(1000)")
        process.kill()
        place = process.start()
        assert ask(place, "SELECT count() FROM ledger.n") == f"{(turn + 1) * 5000}\n"


def test_kill_9_in_the_middle_of_inserts(process: WarehouseProcess) -> None:
    place = process.start()
    ask(place, "CREATE TABLE n (a UInt64) ENGINE = MergeTree ORDER BY a")
    acknowledged = 0
    stopped = threading.Event()

    def insert() -> None:
        nonlocal acknowledged
        while not stopped.is_set():
            try:
                ask(place, "INSERT INTO n SELECT number FROM numbers(1000)")
            except httpx.HTTPError:
                return
            acknowledged += 1

    writer = threading.Thread(target=insert)
    writer.start()
    time.sleep(1)
    process.kill()
    stopped.set()
    writer.join()
    found = int(ask(process.start(), "SELECT count() FROM n"))
    # The one under way may be in or not, but never in part.
    assert found in {acknowledged * 1000, (acknowledged + 1) * 1000}


@pytest.mark.parametrize("with_table", [False, True])
def test_starting_again(process: WarehouseProcess, with_table: bool) -> None:
    place = process.start()
    if with_table:
        ask(place, "CREATE TABLE n (a UInt64) ENGINE = MergeTree ORDER BY a")
        ask(place, "INSERT INTO n VALUES (1)")
    for _ in range(2):
        assert process.stop() == 0
        place = process.start()
        assert ask(place, "SHOW TABLES") == ("n\n" if with_table else "")
        engine = "SELECT engine FROM system.databases WHERE name = 'default'"
        assert ask(place, engine) == "Atomic\n"
    assert ask(place, "CREATE TABLE later (a UInt64) ENGINE = Memory") == ""


def test_sigterm_lets_a_running_query_end(process: WarehouseProcess) -> None:
    place = process.start()
    answers: list[str] = []
    query = threading.Thread(target=lambda: answers.append(ask(place, "SELECT sleep(1.5)")))
    query.start()
    time.sleep(0.5)
    assert process.stop() == 0
    query.join()
    assert answers == ["0\n"]


def test_sigterm_ends_what_would_not_end(process: WarehouseProcess) -> None:
    place = process.start()
    text = b"SELECT number FROM numbers(1000000000000)"
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n"
    endless = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"
    answers: list[httpx.Response] = []
    url = f"http://{place.host}:{place.port}/"
    query = threading.Thread(
        target=lambda: answers.append(httpx.post(url, content=endless, timeout=60))
    )
    query.start()
    with socket.create_connection((place.host, place.port)) as never_reads:
        never_reads.sendall(head.encode() + text)
        time.sleep(0.5)
        assert process.stop(25) == 0
    query.join()
    assert answers[0].headers["x-clickhouse-exception-code"] == "394"


def test_a_directory_in_use_names_its_holder(process: WarehouseProcess) -> None:
    process.start()
    assert process.process is not None
    second = run("--path", str(process.path), "--port", "0")
    assert second.returncode == 1
    assert f"in use by process {process.process.pid}" in second.stderr
    assert "deploy.warehouse" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_port_in_use(process: WarehouseProcess, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        second = run("--path", str(tmp_path / "other"), "--port", str(port))
    assert second.returncode == 1
    assert f"127.0.0.1:{port}" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "warehouse.example"])
def test_other_machines_are_kept_out(tmp_path: Path, host: str) -> None:
    refused = run("--path", str(tmp_path / "tables"), "--port", "0", "--host", host)
    assert refused.returncode == 1
    assert "loopback" in refused.stderr
    assert not (tmp_path / "tables").exists()
