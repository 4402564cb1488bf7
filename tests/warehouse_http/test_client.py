"""The ordinary ClickHouse client, unchanged, against the embedded warehouse."""

from __future__ import annotations

import gzip
import time
from datetime import datetime
from decimal import Decimal

import clickhouse_connect
import pyarrow as pa
import pytest
import zstandard
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from events.settings import Warehouse

COLUMNS = """
    id UInt64, name String, at DateTime64(3, 'UTC'), amount Decimal(18, 2),
    share Nullable(Float64), tags Map(String, Int32), unit LowCardinality(String)
"""
ROW = [1, "Ünï'\t\n\\", datetime(2026, 1, 2, 3, 4, 5), Decimal("-1.23"), None, {"a": 7}, "GBP"]


@pytest.fixture
def table(client: Client) -> str:
    client.command(f"CREATE TABLE facts ({COLUMNS}) ENGINE = MergeTree ORDER BY id")
    return "facts"


def test_rows_come_back_as_they_went_in(client: Client, table: str) -> None:
    summary = client.insert(table, [ROW] * 100)
    assert summary.written_rows == 100
    found = client.query(f"SELECT * FROM {table} LIMIT 1").result_rows[0]
    assert [*found[:2], *found[3:]] == [*ROW[:2], *ROW[3:]]
    assert found[2].replace(tzinfo=None) == ROW[2]


def test_parameters_of_any_text(client: Client) -> None:
    asked = "SELECT {text:String}, {numbers:Array(Int64)}, {none:Nullable(String)} IS NULL"
    given = {"text": "a'b\\c\td\ne {x:Int8} é; SELECT 1", "numbers": [1, -2], "none": None}
    assert client.query(asked, parameters=given).result_rows == [(given["text"], [1, -2], 1)]


def test_parameters_too_long_for_a_url_come_as_a_form(client: Client) -> None:
    found = client.query("SELECT length({text:String})", parameters={"text": "x" * 300_000})
    assert found.result_rows == [(300_000,)]


def test_identifiers_as_parameters(client: Client, table: str) -> None:
    client.insert(table, [ROW])
    found = client.query("SELECT count() FROM {name:Identifier}", parameters={"name": table})
    assert found.result_rows == [(1,)]


def test_arrow_in_and_out(client: Client) -> None:
    client.command("CREATE TABLE pairs (a Int64, b String) ENGINE = MergeTree ORDER BY a")
    rows = pa.table({"a": list(range(1000)), "b": [str(n) for n in range(1000)]})
    assert client.insert_arrow("pairs", rows).written_rows == 1000
    back = client.query_arrow("SELECT * FROM pairs ORDER BY a", use_strings=True)
    assert back.to_pydict() == rows.to_pydict()


@pytest.mark.parametrize(
    ("compression", "pack"), [(None, bytes), ("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
def test_raw_insert(client: Client, compression: str | None, pack: type[bytes]) -> None:
    client.command("CREATE TABLE pairs (a Int64, b String) ENGINE = MergeTree ORDER BY a")
    rows = pack(b"1,one\n2,two\n")
    summary = client.raw_insert("pairs", ["a", "b"], rows, fmt="CSV", compression=compression)
    assert summary.written_rows == 2
    assert client.query("SELECT b FROM pairs ORDER BY a").result_rows == [("one",), ("two",)]


def test_insert_of_a_select_counts_its_rows(client: Client) -> None:
    client.command("CREATE TABLE n (a UInt64) ENGINE = Memory")
    summary = client.command("INSERT INTO n SELECT number FROM numbers(12)")
    assert summary.written_rows == 12


def test_describe_show_and_command(client: Client, table: str) -> None:
    names = [row[0] for row in client.query(f"DESCRIBE TABLE {table}").result_rows]
    assert names == ["id", "name", "at", "amount", "share", "tags", "unit"]
    assert client.query("SHOW TABLES").result_rows == [(table,)]
    assert client.command("SELECT 1 + 1") == 2


def test_streaming_a_large_select(client: Client) -> None:
    total = 0
    asked = "SELECT number, toString(number) FROM numbers(1000000)"
    with client.query_row_block_stream(asked) as stream:
        for block in stream:
            total += len(block)
    assert total == 1_000_000


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT * FROM nowhere", 60),
        ("SELEC 1", 62),
        ("SELECT nothing", 47),
        ("SELECT throwIf(number = 3) FROM numbers(5)", 395),
        ("SELECT 1; SELECT 2", 62),
    ],
)
def test_errors_carry_their_code(client: Client, query: str, code: int) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.query(query)
    assert caught.value.code == code
    assert "formatQuerySingleLine" not in str(caught.value)


def test_an_error_in_the_middle_of_a_stream(client: Client) -> None:
    asked = "SELECT number, throwIf(number = 2000000) FROM numbers(5000000)"
    with (
        pytest.raises(StreamFailureError, match="FUNCTION_THROW_IF"),
        client.query_row_block_stream(asked) as stream,
    ):
        for _ in stream:
            pass


def test_settings_of_a_query(client: Client) -> None:
    asked = "SELECT getSetting('max_threads')"
    assert client.query(asked, settings={"max_threads": 3}).result_rows == [(3,)]
    with pytest.raises(DatabaseError) as caught:
        client.query("SELECT 1", settings={"no_such_setting": 1})
    assert caught.value.code == 115


def test_a_wrong_password_is_told(warehouse: Warehouse) -> None:
    with pytest.raises(DatabaseError) as caught:
        clickhouse_connect.get_client(host=warehouse.host, port=warehouse.port, password="wrong")
    assert caught.value.code == 516


def test_sqlalchemy(warehouse_database: Warehouse) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    place = warehouse_database
    url = f"clickhousedb://default@{place.host}:{place.port}/{place.database}"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE s (a Int64) ENGINE = Memory"))
        connection.execute(sqlalchemy.text("INSERT INTO s SELECT number FROM numbers(5)"))
        assert connection.execute(sqlalchemy.text("SELECT sum(a) FROM s")).scalar() == 10
    assert sqlalchemy.inspect(engine).get_table_names() == ["s"]


def test_throughput_is_printed(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    rows = 1_000_000
    client.command("CREATE TABLE many (a Int64, b String) ENGINE = MergeTree ORDER BY a")
    arrow = pa.table({"a": range(rows), "b": ["partner"] * rows})
    began = time.perf_counter()
    client.insert_arrow("many", arrow)
    by_arrow = time.perf_counter() - began
    lines = b"".join(b'{"a":%d,"b":"partner"}\n' % n for n in range(rows))
    began = time.perf_counter()
    client.raw_insert("many", None, lines, fmt="JSONEachRow")
    by_json = time.perf_counter() - began
    assert client.command("SELECT count() FROM many") == 2 * rows
    with capsys.disabled():
        print(
            f"\nwarehouse insert: {rows / by_arrow:,.0f} rows/s by Arrow, "
            f"{rows / by_json:,.0f} rows/s by JSONEachRow"
        )
