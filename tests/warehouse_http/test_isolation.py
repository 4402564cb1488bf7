"""No request sees another's rows, settings, parameters or failure."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from events.settings import Warehouse
from tests.waiting import wait_until

RUNNING = (
    "SELECT count() FROM system.processes WHERE query LIKE '%{0}%' AND query NOT LIKE '%processes%'"
)
FOREVER = "SELECT sum(sipHash64(number)) AS {0} FROM numbers(1000000000000)"


def test_a_failed_query_leaves_nothing_behind(http: httpx.Client) -> None:
    for _ in range(20):
        failed = http.post(
            "/", content="SELECT number, throwIf(number = 90000) FROM numbers(100000)"
        )
        assert failed.headers["x-clickhouse-exception-code"] == "395"
        assert http.post("/", content="SELECT 'mine'").text == "mine\n"


def test_settings_use_and_parameters_last_one_request(http: httpx.Client) -> None:
    asked = "SELECT getSetting('max_threads') = 3, currentDatabase()"
    mine = http.params["database"]
    assert http.post("/", params={"max_threads": "3"}, content=asked).text == f"1\t{mine}\n"
    http.post("/", content="SET max_threads = 3").raise_for_status()
    http.post("/", content="USE system").raise_for_status()
    assert http.post("/", content=asked).text == f"0\t{mine}\n"
    assert http.post("/", params={"param_x": "1"}, content="SELECT {x:Int8}").text == "1\n"
    missing = http.post("/", content="SELECT {x:Int8}")
    assert missing.headers["x-clickhouse-exception-code"] == "456"


def test_a_setting_cannot_smuggle_another(http: httpx.Client) -> None:
    params = {"max_threads": "1', readonly = '0", "log_queries": "1"}
    assert http.post("/", params=params, content="SELECT 1").status_code != 200
    unknown = http.post("/", params={"max_threads = 1, x": "1"}, content="SELECT 1")
    assert unknown.headers["x-clickhouse-exception-code"] == "115"


def test_many_at_once(http: httpx.Client) -> None:
    def ask(number: int) -> None:
        for turn in range(10):
            text = f"SELECT {number}, {turn}, getSetting('max_threads') FROM numbers(3)"
            answer = http.post("/", params={"max_threads": str(number + 1)}, content=text)
            assert answer.text == f"{number}\t{turn}\t{number + 1}\n" * 3
            failed = http.post(
                "/", content=f"SELECT throwIf(number = 2, 'of {number}') FROM numbers(3)"
            )
            assert f"of {number}" in failed.text

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))


def test_long_queries_do_not_hold_up_short_ones(http: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        long = [pool.submit(http.post, "/", content="SELECT sleep(2)") for _ in range(4)]
        time.sleep(0.3)
        began = time.monotonic()
        assert http.post("/", content="SELECT 1").text == "1\n"
        assert time.monotonic() - began < 1
        assert all(query.result().status_code == 200 for query in long)


@pytest.mark.parametrize("stream", [False, True])
def test_a_query_whose_client_left_is_killed(
    http: httpx.Client, warehouse: Warehouse, stream: bool
) -> None:
    name = f"left_{int(stream)}"
    rows = f"SELECT number AS {name} FROM numbers(1000000000000)"
    text = (rows if stream else FOREVER.format(name)).encode()
    with socket.create_connection((warehouse.host, warehouse.port)) as client:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n"
        client.sendall(head.encode() + text)
        wait_until(lambda: http.post("/", content=RUNNING.format(name)).text == "1\n", "it runs")
    wait_until(lambda: http.post("/", content=RUNNING.format(name)).text == "0\n", "it ended")


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Content-Length: 100"])
def test_an_upload_that_breaks_off_inserts_nothing(
    http: httpx.Client, warehouse: Warehouse, framing: str
) -> None:
    http.post("/", content="CREATE TABLE n (a Int64) ENGINE = Memory").raise_for_status()
    database = http.params["database"]
    with socket.create_connection((warehouse.host, warehouse.port)) as client:
        head = f"POST /?database={database}&query=INSERT+INTO+n+FORMAT+CSV HTTP/1.1\r\n"
        body = "4\r\n1\n2\n\r\n" if "chunked" in framing else "1\n2\n"
        client.sendall(f"{head}Host: localhost\r\n{framing}\r\n\r\n{body}".encode())
        time.sleep(0.2)
    time.sleep(0.3)
    assert http.post("/", content="SELECT count() FROM n").text == "0\n"


def test_time_and_memory_limits(http: httpx.Client) -> None:
    slow = http.post("/", params={"max_execution_time": "1"}, content=FOREVER.format("x"))
    assert (slow.status_code, slow.headers["x-clickhouse-exception-code"]) == (408, "159")
    text = "SELECT uniqExact(number) FROM numbers(5000000)"
    large = http.post("/", params={"max_memory_usage": "10000000"}, content=text)
    assert large.headers["x-clickhouse-exception-code"] == "241"
    limits = "SELECT getSetting('max_execution_time') > 0, getSetting('max_memory_usage') > 0"
    assert http.post("/", content=limits).text == "1\t1\n"


def test_a_slow_reader_does_not_fill_the_memory(http: httpx.Client, warehouse: Warehouse) -> None:
    name = "slowly_read"
    memory = f"SELECT memory_usage FROM system.processes WHERE query LIKE '%AS {name}%' LIMIT 1"
    text = f"SELECT number AS {name} FROM numbers(1000000000)".encode()
    resident = "SELECT value FROM system.asynchronous_metrics WHERE metric = 'MemoryResident'"
    with socket.create_connection((warehouse.host, warehouse.port)) as client:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n"
        client.sendall(head.encode() + text)
        time.sleep(1.5)
        used = http.post("/", content=memory).text
        assert used, "the query has to wait for its reader"
        assert int(used) < 200_000_000, resident
