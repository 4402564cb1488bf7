"""ClickHouse's HTTP protocol, rule by rule, as curl or any driver would speak it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import httpx
import pytest

from events.settings import Warehouse


def rows_of(http: httpx.Client, table: str) -> str:
    return http.post("/", content=f"SELECT * FROM {table} ORDER BY ALL").text


@pytest.fixture
def table(http: httpx.Client) -> str:
    made = http.post(
        "/", content="CREATE TABLE t (a Int64, b String) ENGINE = MergeTree ORDER BY a"
    )
    assert made.status_code == 200, made.text
    return "t"


@pytest.mark.parametrize("path", ["/ping", "/replicas_status", "/"])
def test_health(http: httpx.Client, path: str) -> None:
    answer = httpx.get(f"{http.base_url}{path}")
    assert (answer.status_code, answer.text) == (200, "Ok.\n")


def test_an_unknown_path(http: httpx.Client) -> None:
    assert http.get("/nowhere").status_code == 404


def test_other_methods_run_nothing(http: httpx.Client) -> None:
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        answer = http.request(method, "/", params={"query": "CREATE TABLE x (a Int8) ENGINE = Log"})
        assert answer.status_code == 405
    assert http.post("/", content="EXISTS x").text == "0\n"
    assert http.head("/", params={"query": "SELECT 1"}).status_code == 200


def test_query_in_the_url_the_body_or_both(http: httpx.Client) -> None:
    assert http.get("/", params={"query": "SELECT 1"}).text == "1\n"
    assert http.post("/", content="SELECT 2").text == "2\n"
    assert http.post("/", params={"query": "SELECT"}, content="3").text == "3\n"
    assert http.post("/", content="SELECT 4;").text == "4\n"
    empty = http.post("/")
    assert (empty.status_code, empty.headers["x-clickhouse-exception-code"]) == (400, "62")


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO t VALUES (1, 'x')",
        "INSERT INTO t SELECT 1, 'x'",
        "DROP TABLE t",
        "CREATE TABLE u (a Int8) ENGINE = Memory",
        "TRUNCATE TABLE t",
        "SELECT 1 SETTINGS readonly = 0",
    ],
)
def test_get_and_readonly_only_read(http: httpx.Client, table: str, query: str) -> None:
    for answer in (
        http.get("/", params={"query": query}),
        http.post("/", params={"readonly": "1"}, content=query),
        http.post("/", params={"readonly": "2"}, content=query),
    ):
        assert answer.headers["x-clickhouse-exception-code"] == "164", answer.text
    assert rows_of(http, table) == ""


def test_a_get_may_have_settings(http: httpx.Client) -> None:
    asked = "SELECT getSetting('max_threads') SETTINGS max_threads = 3"
    assert http.get("/", params={"query": asked}).text == "3\n"


def test_rows_in_the_body_in_chunks(http: httpx.Client, table: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"1,o"
        yield b"ne\n2,"
        yield b"two\n"

    answer = http.post("/", params={"query": "INSERT INTO t FORMAT CSV"}, content=chunks())
    assert json.loads(answer.headers["x-clickhouse-summary"])["written_rows"] == "2"
    assert rows_of(http, table) == "1\tone\n2\ttwo\n"


@pytest.mark.parametrize(
    "body",
    [
        b"INSERT INTO t VALUES (1, 'one'), (1 + 1, lower('TWO'))",
        b"INSERT INTO t (a, b) VALUES\n(1, 'one'),\n(2, 'two');",
        b"INSERT INTO t FORMAT CSV\n1,one\n2,two\n",
        b"/* FORMAT */ insert into t -- VALUES (\n (b, a) format TSV\none\t1\ntwo\t2\n",
        b'INSERT INTO `t` FORMAT JSONEachRow {"a":1,"b":"one"} {"a":2,"b":"two"}',
        b"INSERT INTO t SELECT * FROM values('a Int64, b String', (1, 'one'), (2, 'two'))",
        b"INSERT INTO t SELECT number + 1, ['one', 'two'][number + 1] FROM numbers(2)",
        b"INSERT INTO t SETTINGS async_insert = 0 VALUES (1, 'one'), (2, 'two')",
        b"INSERT INTO TABLE t (* EXCEPT b, b) VALUES (1, 'one'), (2, 'two')",
    ],
)
def test_every_way_to_write_an_insert(http: httpx.Client, table: str, body: bytes) -> None:
    answer = http.post("/", content=body)
    assert answer.status_code == 200, answer.text
    assert rows_of(http, table) == "1\tone\n2\ttwo\n"


def test_rows_are_never_read_as_a_statement(http: httpx.Client, table: str) -> None:
    for rows in ("(1, 'x'); DROP TABLE t", "(1, 'x'); SELECT * FROM numbers(3)"):
        http.post("/", content=f"INSERT INTO t VALUES {rows}")
    assert http.post("/", content="EXISTS TABLE t").text == "1\n"
    answer = http.post("/", content="INSERT INTO t VALUES (2, file('/etc/hostname'))")
    assert answer.status_code != 200
    assert "file" not in rows_of(http, table)


def test_an_insert_without_rows(http: httpx.Client, table: str) -> None:
    assert http.post("/", content="INSERT INTO t FORMAT CSV").status_code == 200
    assert rows_of(http, table) == ""


def test_a_row_that_cannot_be_read(http: httpx.Client, table: str) -> None:
    answer = http.post("/", content="INSERT INTO t FORMAT CSV\n1,x\nnot a number,y\n")
    assert answer.status_code == 400
    assert answer.headers["x-clickhouse-exception-code"] == "27"
    assert "at row 2" in answer.text


def test_the_format_of_the_answer(http: httpx.Client) -> None:
    cases = [
        ("SELECT 1 AS a FORMAT CSV", {}, {}, "CSV"),
        ("SELECT 1 AS a FORMAT CSV", {"default_format": "JSONEachRow"}, {}, "CSV"),
        ("SELECT 1 AS a", {"default_format": "JSONEachRow"}, {}, "JSONEachRow"),
        ("SELECT 1 AS a", {}, {"x-clickhouse-format": "JSONCompact"}, "JSONCompact"),
        ("SELECT 'x FORMAT CSV' AS a", {}, {}, "TabSeparated"),
        ("SELECT 1 AS a SETTINGS max_threads = 1 FORMAT CSVWithNames", {}, {}, "CSVWithNames"),
    ]
    for query, params, headers, expected in cases:
        answer = http.post("/", content=query, params=params, headers=headers)
        assert answer.headers["x-clickhouse-format"] == expected, query
    answer = http.post("/", content="SELECT 1 AS a FORMAT JSONEachRow")
    assert (answer.text, answer.headers["content-type"]) == (
        '{"a":1}\n',
        "application/x-ndjson; charset=UTF-8",
    )


@pytest.mark.parametrize("fmt", ["TSV", "CSV", "JSONEachRow", "RowBinary", "TSKV", "MsgPack"])
def test_a_streamed_answer_is_the_answer(http: httpx.Client, fmt: str) -> None:
    """Block by block, in the blockwise formats, equals what the engine makes in one piece."""
    query = "SELECT number, toString(number) AS s FROM numbers(300000)"
    streamed = http.post("/", content=f"{query} FORMAT {fmt}").content
    # `extremes` is computed over the whole answer, so it is made in one piece.
    whole = http.post("/", params={"extremes": "0"}, content=f"{query} FORMAT {fmt}").content
    assert streamed == whole


def test_totals_come_once(http: httpx.Client) -> None:
    query = "SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k"
    assert http.post("/", content=query).text == "0\t5\n1\t5\n\n0\t10\n"


def test_database_by_url_and_header(http: httpx.Client, warehouse: Warehouse) -> None:
    name = http.params["database"]
    url = f"http://{warehouse.host}:{warehouse.port}/"
    asked = b"SELECT currentDatabase()"
    assert http.post("/", content=asked).text == f"{name}\n"
    assert (
        httpx.post(url, content=asked, headers={"x-clickhouse-database": name}).text == f"{name}\n"
    )
    assert httpx.post(url, content=asked).text == "default\n"
    missing = httpx.post(url, content=asked, params={"database": "no`such"})
    assert (missing.status_code, missing.headers["x-clickhouse-exception-code"]) == (404, "81")


def test_parameters_are_escaped_as_in_tab_separated(http: httpx.Client) -> None:
    params = {"param_a": "x\\ty", "param_b": "\\N", "param_c": "[1,2]", "param_d": "it's \\\\"}
    query = "SELECT {a:String}, {b:Nullable(Int8)}, {c:Array(UInt8)}, {d:String} FORMAT JSONCompact"
    answer = http.post("/", params=params, content=query)
    assert answer.json()["data"] == [["x\ty", None, [1, 2], "it's \\"]]


def test_headers_of_an_answer(http: httpx.Client) -> None:
    answer = http.post("/", params={"query_id": "mine-1"}, content="SELECT 1")
    assert answer.headers["x-clickhouse-query-id"] == "mine-1"
    assert answer.headers["x-clickhouse-timezone"]
    assert answer.headers["x-clickhouse-server-display-name"]
    summary = json.loads(answer.headers["x-clickhouse-summary"])
    assert all(isinstance(value, str) for value in summary.values())


def test_an_error_has_code_name_and_status(http: httpx.Client) -> None:
    answer = http.post("/", content="SELECT * FROM missing")
    assert answer.status_code == 404
    assert answer.headers["x-clickhouse-exception-code"] == "60"
    assert answer.text.startswith("Code: 60. DB::Exception: ")
    assert "(UNKNOWN_TABLE)" in answer.text


def test_an_error_in_a_begun_answer_ends_it_with_a_tagged_block(http: httpx.Client) -> None:
    query = "SELECT number, throwIf(number = 3000000) FROM numbers(5000000)"
    answer = http.post("/", content=query)
    assert answer.status_code == 200
    tag = answer.headers["x-clickhouse-exception-tag"].encode()
    assert b"\r\n__exception__\r\n" + tag + b"\r\nCode: 395." in answer.content
    assert answer.content.endswith(tag + b"\r\n__exception__\r\n")


def test_a_waited_answer_fails_as_a_whole(http: httpx.Client) -> None:
    query = "SELECT number, throwIf(number = 3000000) FROM numbers(5000000)"
    answer = http.post("/", params={"wait_end_of_query": "1"}, content=query)
    assert answer.status_code == 500
    assert answer.headers["x-clickhouse-exception-code"] == "395"


BASIC = base64.b64encode(b"default:").decode()
WRONG = base64.b64encode(b"root:secret").decode()


@pytest.mark.parametrize(
    ("params", "headers", "status"),
    [
        ({"user": "default", "password": ""}, {}, 200),
        ({}, {"authorization": f"Basic {BASIC}"}, 200),
        ({}, {"x-clickhouse-user": "default", "x-clickhouse-key": ""}, 200),
        ({"user": "root"}, {}, 403),
        ({"password": "x"}, {}, 403),
        ({}, {"x-clickhouse-user": "root"}, 403),
        ({}, {"authorization": f"Basic {WRONG}"}, 401),
        ({}, {"authorization": "Bearer abc"}, 401),
    ],
)
def test_users(
    http: httpx.Client, params: dict[str, str], headers: dict[str, str], status: int
) -> None:
    answer = http.post("/", params=params, headers=headers, content="SELECT 1")
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["x-clickhouse-exception-code"] == "516"


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example:8123"}, {"origin": "https://evil.example"}, {"origin": "null"}],
)
def test_a_foreign_page_cannot_use_the_browser_as_its_hand(
    http: httpx.Client, headers: dict[str, str]
) -> None:
    answer = http.post("/", headers=headers, content="SELECT 1")
    assert answer.status_code == 403


def test_the_go_clients_greeting(http: httpx.Client) -> None:
    query = "SELECT displayName(), version(), revision(), timezone()"
    params = {"client_protocol_version": "54460", "default_format": "Native"}
    block = http.post("/", params=params, content=query).content
    assert block.startswith(
        b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01\x0ddisplayName()\x06String\x00"
    )
    assert b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00" in block


def test_bytes_that_are_no_text(http: httpx.Client) -> None:
    answer = http.post("/", content=b"SELECT hex('\xff\xfe'), '\xc3\xa9'")
    assert answer.text == "FFFE\té\n"
