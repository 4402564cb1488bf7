"""The warehouse rebuilt in use: no query fails, nothing is lost or doubled, whatever dies.

The oracle is a database of its own, filled by a sink that nothing happened to.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client

from events.settings import Settings
from streams.making import makings
from streams.rebuild.databases import Databases, Note, exists, generation_in, tables_of
from streams.rebuild.rebuilding import Rebuild
from streams.rebuild.switching import left_to_exchange
from streams.schema import SINK_TABLES, connect, generation, migrate
from streams.sink import WarehouseSink
from tests.waiting import wait_until
from tests.warehouse.conftest import contents, drain, ends, freshness
from tests.warehouse.rebuilding import Readers, facts_coming, pledger, rebuild, rebuilt
from tests.warehouse.story import Story
from tests.warehouse.test_crashes import write_clicks

pytestmark = pytest.mark.broker

StartSink = Callable[..., "subprocess.Popen[bytes]"]
OpenSink = Callable[..., WarehouseSink]
CLICKS = 3_000
NOTHING_MADE = Note(dict.fromkeys(SINK_TABLES, "none"), resumed=True)

STEPS = (
    "prepared",
    "filled",
    "compared",
    "closed",
    "stopped",
    *(f"exchanged-{table}" for table in SINK_TABLES),
    "schema",
    "generation",
    *(f"kept-{table}" for table in sorted((*SINK_TABLES, "schema_migrations"))),
)
"""Where a rebuild may die. Each run goes on where the one before was killed."""
SOME_STEPS = ("exchanged-conversions",)


@pytest.fixture
def story(stage: Settings) -> Story:
    """Written, and read by nobody yet."""
    story = Story(customers=30)
    story.write(stage.broker)
    write_clicks(stage.broker, CLICKS)
    return story


@pytest.fixture
def dropped(stage: Settings) -> Iterator[Databases]:
    """The databases of a rebuild; the others than the live one go with the test."""
    databases = Databases.of(stage.warehouse)
    yield databases
    server = databases.server()
    for database in (databases.new, databases.before):
        server.command(f"DROP DATABASE IF EXISTS {database} SYNC")
    server.close()


@pytest.fixture
def as_expected(stage: Settings, open_sink: OpenSink) -> Iterator[Callable[[], None]]:
    """Holds the live database against one that was filled from the log by itself."""
    name = f"test_{uuid4().hex[:12]}"
    target = replace(stage.warehouse, database=name)

    def check() -> None:
        oracle = open_sink(target, group=f"oracle-{uuid4().hex}")
        drain(oracle, stage.broker)
        client = connect(stage.warehouse)
        wait_until(lambda: freshness(client) == ends(stage.broker), "the live sink at the end")
        assert contents(client) == contents(connect(target))
        balance = "SELECT * FROM trial_balance ORDER BY unit"
        assert client.query(balance).result_rows == connect(target).query(balance).result_rows

    yield check
    server = connect(stage.warehouse, "default")
    server.command(f"DROP DATABASE IF EXISTS {name}")
    server.close()


def caught_up(client: Client, settings: Settings) -> None:
    wait_until(lambda: freshness(client) == ends(settings.broker), "the live sink at the end")


@pytest.mark.soak  # in the default run, one that is killed once
def test_queries_go_on_while_it_is_rebuilt_and_switched_over(
    stage: Settings,
    story: Story,
    start_sink: StartSink,
    dropped: Databases,
    as_expected: Callable[[], None],
) -> None:
    client = migrate(stage.warehouse)
    start_sink(stage)
    caught_up(client, stage)
    made, first = makings(client), generation(client)
    with facts_coming(stage.broker), Readers(stage.warehouse) as readers:
        for _ in range(3):
            report = rebuilt(rebuild(stage, "--json"))
    assert readers.problems == []
    assert readers.queries > 20
    assert generation(client) == report["generation"] != first
    assert not set(makings(client).values()) & set(made.values())
    assert report["compared"]["trial_balance"] == report["compared"]["live_trial_balance"]
    assert tables_of(dropped.server(), dropped.before) == {*SINK_TABLES, "schema_migrations"}
    assert not exists(dropped.server(), dropped.new)
    as_expected()


@pytest.mark.parametrize(
    "steps", [SOME_STEPS, pytest.param(STEPS, marks=pytest.mark.soak)], ids=["some", "all"]
)
def test_killed_at_any_step_it_goes_on(
    stage: Settings,
    story: Story,
    start_sink: StartSink,
    dropped: Databases,
    as_expected: Callable[[], None],
    steps: tuple[str, ...],
) -> None:
    """And between two of its lives the live sink goes on with tables of which some are new."""
    client = migrate(stage.warehouse)
    start_sink(stage)
    caught_up(client, stage)
    with facts_coming(stage.broker), Readers(stage.warehouse) as readers:
        for step in steps:
            done = rebuild(stage, die_at=step)
            assert done.returncode == -9, f"{step}: {done.stderr}{done.stdout}"
        report = rebuilt(rebuild(stage, "--json"))
    assert readers.problems == []
    assert readers.queries > 20
    assert generation(client) == report["generation"]
    as_expected()


def older_schema(client: Client) -> None:
    """The database was made by a version of this program that knew less."""
    client.command(
        "ALTER TABLE schema_migrations DELETE WHERE number >= 9 SETTINGS mutations_sync=2"
    )
    client.command("INSERT INTO schema_migrations (number, name, digest) SELECT 9, 'daily', 'old'")
    client.command("DROP VIEW IF EXISTS partner_daily")
    client.command("ALTER TABLE clicks DROP COLUMN creative_id SETTINGS mutations_sync=2")
    for table, making in makings(client).items():
        client.command(f"ALTER TABLE {table} DROP COLUMN {making} SETTINGS mutations_sync=2")


def rows_lost(client: Client) -> None:
    client.command("ALTER TABLE journal_entries DELETE WHERE n < 3 SETTINGS mutations_sync=2")


def amounts_altered(client: Client) -> None:
    client.command(
        "ALTER TABLE conversions UPDATE amount = amount + 1 WHERE 1 SETTINGS mutations_sync=2"
    )


def a_table_gone(client: Client) -> None:
    client.command("DROP TABLE attributions SYNC")


def a_view_gone(client: Client) -> None:
    client.command("DROP VIEW journal_legs SYNC")


def rows_of_elsewhere(client: Client) -> None:
    client.command("INSERT INTO clicks (partition, offset, link) SELECT 0, 1000000, 'x'")


def no_notes(client: Client) -> None:
    client.command("DROP TABLE schema_migrations SYNC")


def gone(client: Client) -> None:
    client.command(f"DROP DATABASE {client.database} SYNC")


ALL_AT_ONCE = (
    rows_lost,
    amounts_altered,
    a_table_gone,
    a_view_gone,
    rows_of_elsewhere,
    older_schema,
)
ONE_BY_ONE = (*ALL_AT_ONCE, no_notes, gone)


@pytest.mark.parametrize(
    "damages",
    [
        pytest.param(ALL_AT_ONCE, id="all_at_once"),
        *(pytest.param((one,), id=one.__name__, marks=pytest.mark.soak) for one in ONE_BY_ONE),
    ],
)
def test_a_damaged_database_is_mended(
    stage: Settings,
    story: Story,
    open_sink: OpenSink,
    dropped: Databases,
    as_expected: Callable[[], None],
    damages: tuple[Callable[[Client], None], ...],
) -> None:
    sink = open_sink()
    drain(sink, stage.broker)
    sink.close()
    for damage in damages:
        damage(connect(stage.warehouse))
    report = Rebuild(stage.broker, stage.warehouse, stage.home, sinks=1).run()
    assert not report.resumed
    write_clicks(stage.broker, 10, "after")
    drain(open_sink(), stage.broker)  # a sink goes on with it
    as_expected()


def test_a_stalled_insert_into_the_old_tables_is_refused(
    stage: Settings, story: Story, sink: WarehouseSink, dropped: Databases
) -> None:
    """A sink that was stopped between its question and its insert, and wakes after the switch."""
    drain(sink, stage.broker)
    write_clicks(stage.broker, 500, "stalled")
    inserter = sink._inserter
    assert inserter is not None
    insert_rows = inserter._insert_rows
    stalled = []

    def stall(table: str, rows: list[bytes]) -> None:
        if not stalled:  # the old tables are exchanged between its question and its insert
            stalled.append(table)
            Rebuild(stage.broker, stage.warehouse, stage.home, sinks=1).run()
        insert_rows(table, rows)

    inserter._insert_rows = stall  # type: ignore[method-assign]
    while not stalled:
        sink.step(0.2)
    assert not sink.settle()
    drain(sink, stage.broker)
    rows = connect(stage.warehouse).query(
        "SELECT count() FROM clicks FINAL WHERE link LIKE 'stalled%'"
    )
    assert rows.result_rows == [(500,)]


def test_status_and_drop_old(
    stage: Settings, story: Story, sink: WarehouseSink, dropped: Databases
) -> None:
    drain(sink, stage.broker)

    def status() -> dict[str, object]:
        done = pledger(stage, "status", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    before = status()
    assert (before["behind"], before["rebuild"], before["before"]) == (0, None, "")
    assert rebuild(stage, die_at="exchanged-conversions").returncode == -9
    under_way = status()["rebuild"]
    assert isinstance(under_way, dict)
    assert (under_way["exchanged"], under_way["tables"]) == (2, len(SINK_TABLES))
    report = rebuilt(rebuild(stage, "--json"))
    assert report["resumed"]
    after = status()
    assert after["generation"] == report["generation"] != before["generation"]
    assert (after["rebuild"], after["before"]) == (None, dropped.before)
    done = pledger(stage, "drop-old")
    assert (done.returncode, done.stdout) == (0, f"dropped {dropped.before}\n")
    assert status()["before"] == ""


def test_what_does_not_hold_the_log_is_not_switched_over(
    stage: Settings, story: Story, sink: WarehouseSink, dropped: Databases
) -> None:
    drain(sink, stage.broker)
    client = connect(stage.warehouse)
    first = generation(client)
    assert rebuild(stage, die_at="filled").returncode == -9
    connect(stage.warehouse, dropped.new).command(
        "ALTER TABLE journal_entries DELETE WHERE n = 1 SETTINGS mutations_sync=2"
    )
    done = rebuild(stage)
    assert done.returncode == 1
    assert "NOT SWITCHED OVER" in done.stdout and "journal_entries" in done.stdout
    assert generation(client) == first
    assert left_to_exchange(dropped.server(), dropped, NOTHING_MADE) == list(SINK_TABLES)


def test_somebody_elses_database_is_left_alone(stage: Settings, dropped: Databases) -> None:
    migrate(stage.warehouse)
    server = dropped.server()
    server.command(f"CREATE DATABASE {dropped.new}")
    server.command(f"CREATE TABLE {dropped.new}.mine (x Int64) ENGINE = MergeTree ORDER BY x")
    done = rebuild(stage)
    assert done.returncode == 2
    assert "no rebuild made" in done.stderr
    assert generation_in(server, dropped.live)
