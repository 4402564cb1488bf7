"""What nobody may run: files, processes, the network, users, several statements."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

REFUSED = [
    "SELECT file('/etc/passwd')",
    "SELECT FILE ('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT /* x */ file/**/('/etc/passwd')",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV')",
    "SELECT * FROM executable('id', 'TSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1:9000', 'system.one')",
    "SELECT * FROM Python(x)",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT * FROM s3('http://127.0.0.1:1/x')",
    "SELECT * FROM sqlite('/tmp/x.db', 't')",
    "SELECT * FROM view(SELECT file('/etc/passwd'))",
    "SELECT (SELECT count() FROM file('/etc/passwd', 'LineAsString'))",
    "WITH x AS (SELECT file('/etc/passwd') AS a) SELECT a FROM x",
    "DESCRIBE file('/etc/passwd', 'LineAsString')",
    "EXPLAIN SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SHOW TABLES WHERE file('/etc/passwd') != ''",
    "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
    "SELECT 1 INTO OUTFILE '/tmp/out.csv'",
    "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
    "INSERT INTO FUNCTION file('/tmp/out.csv', 'CSV', 'a Int8') VALUES (1)",
    "INSERT INTO FUNCTION file('/tmp/out.csv', 'CSV', 'a Int8') SELECT 1",
    "INSERT INTO t SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "CREATE VIEW v AS SELECT file('/etc/passwd')",
    "CREATE FUNCTION f AS x -> file(x)",
    "CREATE TABLE x (a String) ENGINE = File(CSV)",
    "CREATE TABLE x (a String) ENGINE = URL('http://127.0.0.1:1/', CSV)",
    "CREATE TABLE x (a String) ENGINE = Kafka('127.0.0.1:9092', 't', 'g', 'CSV')",
    "CREATE TABLE x AS file('/etc/passwd', 'LineAsString')",
    "CREATE TABLE x (a Int8) ENGINE = MergeTree ORDER BY a "
    "SETTINGS disk = disk(type = 'local', path = '/tmp/x/')",
    "CREATE DATABASE x ENGINE = Filesystem('/')",
    "CREATE DATABASE x ENGINE = Remote('127.0.0.1', 'system', 'default', '')",
    "CREATE DICTIONARY x (a UInt64, b String) PRIMARY KEY a "
    "SOURCE(FILE(PATH '/etc/passwd' FORMAT 'CSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "CREATE DICTIONARY x (a UInt64, b String) PRIMARY KEY a "
    "SOURCE(CLICKHOUSE(HOST '10.0.0.1' TABLE 't')) LAYOUT(FLAT()) LIFETIME(1)",
    "ATTACH TABLE x FROM '/tmp/x' (a String) ENGINE = Log",
    "BACKUP TABLE t TO File('/tmp/b')",
    "RESTORE TABLE t FROM File('/tmp/b')",
    "CREATE USER x",
    "GRANT ALL ON *.* TO default",
    "CREATE NAMED COLLECTION x AS url = 'http://127.0.0.1:1/'",
    "SYSTEM SHUTDOWN",
    "SYSTEM RELOAD CONFIG",
    "DROP DATABASE default",
    "SELECT 1 FORMAT Template SETTINGS format_template_resultset = '/etc/passwd'",
    "SET format_schema = '/etc/passwd'",
    "SELECT 1 SETTINGS dialect = 'kusto'",
    "SELECT addressToLine(1)",
    "CREATE TABLE a (a Int8) ENGINE = Memory PARALLEL WITH CREATE TABLE b (a Int8) ENGINE = Memory",
    "SELECT * FROM format(JSONEachRow, 'a String DEFAULT file(\\'/etc/hostname\\')', '{}')",
    "SELECT * FROM format(Values, 'a String', '(file(\\'/etc/hostname\\'))')",
    "SELECT 1 SETTINGS additional_result_filter = 'file(\\'/etc/hostname\\') = 0'",
    "INSERT INTO t VALUES (file('/etc/passwd'))",
    "INSERT INTO t VALUES ('x'), (concat('y', (SELECT file('/etc/passwd'))))",
    "INSERT INTO t (a) VALUES ('x') , (/* ' */ file('/etc/passwd') /* ' */)",
]


@pytest.mark.parametrize("query", REFUSED)
def test_refused_and_said_why(http: httpx.Client, query: str) -> None:
    http.post("/", content="CREATE TABLE t (a String) ENGINE = Memory").raise_for_status()
    answer = http.post("/", content=query)
    assert answer.headers.get("x-clickhouse-exception-code") == "497", answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "setting", ["format_schema", "format_template_row", "dialect", "log_comment"]
)
def test_settings_that_name_files_or_grammars(http: httpx.Client, setting: str) -> None:
    answer = http.post("/", params={setting: "x"}, content="SELECT 1")
    assert answer.headers["x-clickhouse-exception-code"] == "497"


@pytest.mark.parametrize(
    "name",
    ["'/etc/passwd'", "`/etc/passwd`", '"/etc/passwd"', "default.`/etc/passwd`", "`../x.csv`"],
)
def test_file_names_are_no_tables(http: httpx.Client, name: str) -> None:
    for database in (http.params["database"], "default"):
        answer = http.post("/", params={"database": database}, content=f"SELECT * FROM {name}")
        assert answer.headers["x-clickhouse-exception-code"] in {"60", "81"}, answer.text


def test_several_statements(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE t (a Int8) ENGINE = Memory").raise_for_status()
    for query in (
        "SELECT 1; DROP TABLE t",
        "SELECT 1;;DROP TABLE t",
        "SELECT 1 -- \n; DROP TABLE t",
    ):
        answer = http.post("/", content=query)
        assert answer.headers["x-clickhouse-exception-code"] == "62", answer.text
    assert http.post("/", content="EXISTS t").text == "1\n"


def test_a_format_that_would_write_a_file_is_only_text(http: httpx.Client, tmp_path: Path) -> None:
    target = tmp_path / "out"
    text = f"SELECT 'x INTO OUTFILE {target} file(' AS a"
    assert http.post("/", content=text).status_code == 200
    assert not target.exists()


ALLOWED = [
    "SELECT number FROM numbers(3)",
    "SELECT * FROM generateSeries(1, 3)",
    "SELECT count() FROM merge(currentDatabase(), '.*')",
    "SELECT name FROM system.tables WHERE engine = 'File' AND database = 'file(x)'",
    "SELECT ENGINE FROM information_schema.tables WHERE ENGINE = 'URL'",
    "SHOW DATABASES",
    "SHOW TABLES LIKE 'x%'",
    "SHOW FULL TABLES",
    "SHOW CREATE TABLE t",
    "SELECT name FROM system.table_functions",
    "SELECT name, value FROM system.settings LIMIT 3",
    "SELECT name FROM system.functions LIMIT 3",
    "DESCRIBE TABLE t",
    "EXPLAIN SELECT 1",
    "EXISTS TABLE t",
    "SELECT 1 AS format FORMAT JSON",
    "SELECT 'a' AS file, 'b' AS `url(`",
    "CREATE OR REPLACE VIEW v AS SELECT a, count() AS n FROM t GROUP BY a",
    "CREATE MATERIALIZED VIEW m ENGINE = SummingMergeTree ORDER BY a AS SELECT a FROM t",
    "ALTER TABLE t ADD COLUMN c DateTime64(3) DEFAULT now()",
    "ALTER TABLE t DELETE WHERE a = 1",
    "OPTIMIZE TABLE t FINAL",
    "DELETE FROM t WHERE a = 2",
    "RENAME TABLE t TO t9",
    "TRUNCATE TABLE t",
    "CREATE TABLE z (a Decimal(38, 0), b Enum8('x' = 1)) ENGINE = ReplacingMergeTree ORDER BY a",
    "CREATE DICTIONARY d (a UInt64, b String) PRIMARY KEY a "
    "SOURCE(CLICKHOUSE(TABLE 't')) LAYOUT(FLAT()) LIFETIME(1)",
    "DROP TABLE t",
    "SET max_threads = 1",
    "USE default",
]


@pytest.mark.parametrize("query", ALLOWED)
def test_ordinary_work_is_not_hindered(http: httpx.Client, query: str) -> None:
    http.post("/", content="CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    answer = http.post("/", content=query)
    assert answer.status_code == 200, answer.text


def test_rows_too_many_to_judge_are_literals(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE t (a String) ENGINE = Memory").raise_for_status()
    many = ", ".join(["('x')"] * 60_000)
    assert http.post("/", content=f"INSERT INTO t VALUES {many}").status_code == 200
    for hidden in (f"{many}, (file('/etc/passwd'))", "('x'); (file('/etc/passwd'))"):
        http.post("/", content=f"INSERT INTO t VALUES {hidden}")
    assert http.post("/", content="SELECT count() FROM t WHERE a != 'x'").text == "0\n"
