"""Exactly once, whatever dies: the sink, the warehouse, the database; and one sink too many."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from events import topics
from events.clicks import Click
from events.codec import encode
from events.log import Writer
from events.settings import Broker, Settings
from streams.schema import connect, migrate
from streams.sink import WarehouseSink
from tests.waiting import wait_until
from tests.warehouse.conftest import contents, drain, ends, freshness
from tests.warehouse.story import Story
from tests.warehouse_fixture import WarehouseProcess

pytestmark = pytest.mark.broker

CLICKS = 30_000
START_MS = 1_767_225_600_000

StartSink = Callable[..., "subprocess.Popen[bytes]"]
OpenSink = Callable[..., WarehouseSink]


def write_clicks(broker: Broker, count: int, name: str = "bulk") -> None:
    writer = Writer(broker)
    for number in range(count):
        link = f"{name}-{number % 97}"
        click = Click(f"{link}.{number}", link, "acme", "ann", START_MS + number)
        writer.append(topics.CLICKS, key=link, value=encode(click))
    writer.flush()


@pytest.fixture
def story(stage: Settings) -> Story:
    """Written, with many clicks more, and not yet read."""
    story = Story(customers=30)
    story.write(stage.broker)
    write_clicks(stage.broker, CLICKS)
    return story


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WarehouseProcess]:
    """A warehouse of this test's own, to be killed."""
    process = WarehouseProcess(tmp_path / "own")
    yield process
    process.kill()


def caught_up(client: Client, broker: Broker) -> bool:
    return freshness(client) == ends(broker)


def assert_exact(client: Client, story: Story, extra: int = 0) -> None:
    """Every figure that a lost or doubled row would change."""
    expected = {
        "clicks FINAL": extra + CLICKS + len(story.clicks) + story.repeated_clicks,
        "first_clicks": extra + CLICKS + len(story.clicks),
        "conversions FINAL": sum(map(len, story.world.conversions.values())),
        "conversion_outcomes": sum(map(len, story.world.conversions.values())),
        "attributions FINAL": sum(map(len, story.world.attributions.values())),
        "journal_entries FINAL": len(story.world.entries),
        "decisions FINAL": len(story.world.decisions),
    }
    found = {
        name: client.query(f"SELECT count() FROM {name}").result_rows[0][0] for name in expected
    }
    assert found == expected
    assert client.query("SELECT sum(balance) FROM trial_balance").result_rows == [(0,)]
    balances = client.query(
        "SELECT partner, pending, available, payable, in_transit, paid FROM partner_balances"
    ).result_rows
    assert {partner: tuple(figures) for partner, *figures in balances} == story.balances()


def test_killed_sinks_lose_and_double_nothing(
    stage: Settings, story: Story, start_sink: StartSink
) -> None:
    """Each is killed a little later after its first insert, and the log grows meanwhile."""
    client = migrate(stage.warehouse)
    for kill, patience in enumerate((0.0, 0.05, 0.3)):
        before = freshness(client)
        child = start_sink(stage)
        wait_until(lambda: freshness(client) != before, "a first insert")  # noqa: B023
        time.sleep(patience)
        child.kill()
        child.wait(10)
        write_clicks(stage.broker, 1_000, f"more-{kill}")
    start_sink(stage)
    wait_until(lambda: caught_up(client, stage.broker), "the end of the log")
    assert_exact(client, story, extra=3_000)


def test_killed_warehouse_loses_nothing(
    stage: Settings, story: Story, server: WarehouseProcess, open_sink: OpenSink
) -> None:
    """The sink waits through the outage and goes on from what the tables hold."""
    target = replace(server.start(), database="own")
    sink = open_sink(target)
    while sink.step(0.5) == 0:
        pass
    server.kill()
    port = target.port
    for _ in range(5):
        sink.step(0.1)
    target = replace(server.start(port), database="own")
    drain(sink, stage.broker)
    assert_exact(connect(target), story)
    server.kill()
    server.start(port)
    assert_exact(connect(target), story)


def test_deleted_database_is_filled_again(
    stage: Settings, story: Story, sink: WarehouseSink
) -> None:
    """While the sink runs: it finds the tables gone, makes them, and starts from the log."""
    drain(sink, stage.broker)
    client = connect(stage.warehouse)
    before = contents(client)
    client.command(f"DROP DATABASE {stage.warehouse.database}")
    write_clicks(stage.broker, 1, "after")
    drain(sink, stage.broker)
    rows, _ = contents(client)["clicks"]
    assert rows == before["clicks"][0] + 1
    without = {table: found for table, found in before.items() if table != "clicks"}
    assert {table: found for table, found in contents(client).items() if table in without} == (
        without
    )
    assert_exact(client, story, extra=1)


def test_database_made_anew_behind_a_sink(
    stage: Settings, story: Story, sink: WarehouseSink
) -> None:
    """Its positions would leave a hole in the new tables: it must notice."""
    drain(sink, stage.broker)
    client = connect(stage.warehouse)
    client.command(f"DROP DATABASE {stage.warehouse.database}")
    migrate(stage.warehouse)
    write_clicks(stage.broker, 1, "after")
    drain(sink, stage.broker)
    assert_exact(client, story, extra=1)


def test_two_sinks_that_overlap(stage: Settings, story: Story, open_sink: OpenSink) -> None:
    """Two groups: each inserts everything, as a replaced sink that is still alive would."""
    one = open_sink(group="one")
    two = open_sink(group="two")
    taken = [0, 0]
    while not all(taken):  # both hold positions of the empty tables before either has inserted
        for number, sink in enumerate((one, two)):
            if not taken[number]:
                taken[number] = sink.step(0.5)
    drain(one, stage.broker)
    drain(two, stage.broker)
    client = connect(stage.warehouse)
    [(doubled,)] = client.query(
        "SELECT count() - uniqExact(partition, offset) FROM clicks"
    ).result_rows
    assert doubled > 0, "they did not overlap: the test shows nothing"
    assert_exact(client, story)


def test_stopped_sink_that_continues(stage: Settings, story: Story, start_sink: StartSink) -> None:
    client = migrate(stage.warehouse)
    stopped = start_sink(stage)
    wait_until(lambda: bool(freshness(client)), "a first insert")
    stopped.send_signal(signal.SIGSTOP)
    start_sink(stage)
    wait_until(lambda: caught_up(client, stage.broker), "the other's taking over")
    stopped.send_signal(signal.SIGCONT)
    write_clicks(stage.broker, 5_000, "more")
    wait_until(lambda: caught_up(client, stage.broker), "the end of the log")
    assert_exact(client, story, extra=5_000)


def test_two_sinks_share_the_partitions(stage: Settings, story: Story, open_sink: OpenSink) -> None:
    """They hold disjoint parts, and one goes on with the other's when that leaves."""
    sinks = [open_sink(), open_sink()]
    client = migrate(stage.warehouse)

    def shared() -> bool:
        for sink in sinks:
            sink.step(0.1)
            sink.settle()
        # The first may read all before the second has joined; it hands over later then.
        held = [set(sink.positions()) for sink in sinks]
        return all(held) and set.union(*held) == set(ends(stage.broker))

    wait_until(shared, "both to hold partitions", 60)
    wait_until(lambda: shared() and caught_up(client, stage.broker), "the end of the log", 60)
    one, two = (set(sink.positions()) for sink in sinks)
    assert not one & two
    assert_exact(client, story)
    sinks.pop(0).close()
    write_clicks(stage.broker, 1_000, "more")
    drain(sinks[0], stage.broker)
    assert_exact(client, story, extra=1_000)
