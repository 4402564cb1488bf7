"""Records that are not in the form our writers give them, and logs that are not this one's."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import msgspec
import pytest

from events import topics
from events.attributions import Attribution
from events.clicks import Click
from events.codec import encode
from events.conversions import Deal
from events.log import LogError, Writer
from events.settings import Settings
from streams.schema import SchemaError, connect, migrate
from streams.sink import WarehouseSink
from tests.conftest import fresh_topics
from tests.warehouse.conftest import drain, ends, freshness

pytestmark = pytest.mark.broker

START_MS = 1_767_225_600_000
OpenSink = Callable[..., WarehouseSink]

GOAL_S = 2.0
"""From the broker's acknowledgement to visible, at rest."""


def click(name: str) -> Click:
    return Click(name, "link", "acme", "ann", START_MS)


def test_odd_records_hold_nothing_up(stage: Settings, sink: WarehouseSink) -> None:
    """Read as the codec reads them; what ClickHouse would take otherwise does not get in."""
    good = msgspec.json.decode(encode(click("good")))
    huge = Deal("acme", "c", "e", "D", 10**30, "EUR", START_MS, 0)
    taxed = Deal("acme", "c", "f", "E", 1, "EUR", START_MS, 0, tax=10**30)
    writer = Writer(stage.broker)
    odd = [
        encode(click("plain")),
        b"  " + msgspec.json.format(encode(click("spaced")), indent=2),
        encode({**good, "click_id": "clashing", "partition": 7, "offset": -1, "recorded_at": "x"}),
        encode({**good, "click_id": "unknown", "mood": {"deep": [1, None]}}),
        encode({**good, "click_id": "twice"})[:-1] + b',"link":"link"}',
        encode({**good, "click_id": "number as text", "occurred_at": "5"}),
        encode({**good, "click_id": "no partner", "partner": None}),
        b"\xff\xfe",
        b"[]",
        encode(click("last")),
    ]
    for value in odd:
        writer.append(topics.CLICKS, key="link", value=value)
    for deal in (huge, taxed):
        writer.append(topics.CONVERSIONS, key="acme/c", value=encode(deal))
    weighed = Attribution(0, "conversions/0/0", 0, "credited", "", "acme", "c", "f", tax=10**30)
    writer.append(topics.ATTRIBUTIONS, key="acme/c", value=encode(weighed), partition=0)
    writer.flush()
    drain(sink, stage.broker)
    client = connect(stage.warehouse)
    rows = client.query("SELECT click_id, link, offset FROM clicks ORDER BY offset").result_rows
    assert [(name, link) for name, link, _ in rows] == [
        (name, "link") for name in ("plain", "spaced", "clashing", "unknown", "twice", "last")
    ]
    assert [offset for *_, offset in rows] == [0, 1, 2, 3, 4, 9]
    assert client.query("SELECT count() FROM conversions").result_rows == [(0,)]
    query = "SELECT source, error FROM unreadable_records ORDER BY source"
    letters = client.query(query).result_rows
    assert len(letters) == 7
    too_large = "a number does not fit in the warehouse's 64 bits"
    assert letters[0] == ("attributions/0/0", too_large)
    assert [error for source, error in letters if source.startswith("conversions")] == [
        "Expected `int` <= 1000000000000000 - at `$.amount`",
        too_large,
    ]
    assert freshness(client) == ends(stage.broker)


def test_filling_anew_writes_no_letter_again(
    stage: Settings, sink: WarehouseSink, open_sink: OpenSink
) -> None:
    writer = Writer(stage.broker)
    writer.append(topics.CLICKS, key="link", value=b"[]")
    writer.flush()
    drain(sink, stage.broker)
    before = ends(stage.broker)
    assert before[topics.DEAD_LETTERS, 0] == 1
    client = connect(stage.warehouse)
    client.command(f"DROP DATABASE {stage.warehouse.database}")
    drain(open_sink(group="again"), stage.broker)
    assert ends(stage.broker) == before


def test_tables_ahead_of_the_log_are_refused(
    stage: Settings, sink: WarehouseSink, open_sink: OpenSink
) -> None:
    """The log was lost, or is another one: going on would leave a hole."""
    writer = Writer(stage.broker)
    for name in "abc":
        writer.append(topics.CLICKS, key="link", value=encode(click(name)))
    writer.flush()
    drain(sink, stage.broker)
    sink.close()
    fresh_topics(stage.broker)
    other = open_sink(group="other")
    with pytest.raises(LogError, match="read further than the log goes"):
        for _ in range(100):
            other.step(0.2)


def test_database_of_another_cluster_is_refused(stage: Settings, open_sink: OpenSink) -> None:
    client = migrate(stage.warehouse)
    client.command(
        "INSERT INTO schema_migrations (number, name, digest) SELECT -1, 'another-cluster', ''"
    )
    sink = open_sink()
    with pytest.raises(SchemaError, match=r"another-cluster.*PLEDGER_BROKER"):
        for _ in range(100):
            sink.step(0.2)


def test_sink_waits_for_a_warehouse_that_is_away(stage: Settings, open_sink: OpenSink) -> None:
    writer = Writer(stage.broker)
    writer.append(topics.CLICKS, key="link", value=encode(click("waiting")))
    writer.flush()
    sink = open_sink(dataclasses.replace(stage.warehouse, port=1))
    until = time.monotonic() + 3
    while time.monotonic() < until:
        assert sink.step(0.2) == 0


def test_visible_within_two_seconds_at_rest(stage: Settings, sink: WarehouseSink) -> None:
    client = migrate(stage.warehouse)
    writer = Writer(stage.broker, linger_ms=0)
    delays = []
    for number in range(6):
        writer.append(topics.CLICKS, key="link", value=encode(click(f"c{number}")))
        writer.flush()
        acked = time.perf_counter()
        while client.query("SELECT count() FROM clicks").result_rows != [(number + 1,)]:
            sink.step(0.05)
        delays.append(time.perf_counter() - acked)
        time.sleep(0.3)
    joined = sorted(delays[1:])  # the first waits until the sink has joined its group
    print(f"\nvisible after {joined[0] * 1000:.0f} to {joined[-1] * 1000:.0f} ms")
    assert joined[-1] < GOAL_S


def test_a_table_that_turns_inserts_away_loses_nothing(
    stage: Settings, sink: WarehouseSink
) -> None:
    """Too many parts: chDB says of the insert that all is well."""
    client = migrate(stage.warehouse)
    writer = Writer(stage.broker)

    def write(names: list[str]) -> None:
        for name in names:
            writer.append(topics.CLICKS, key="link", value=encode(click(name)))
        writer.flush()

    client.command("SYSTEM STOP MERGES clicks")
    client.command("ALTER TABLE clicks MODIFY SETTING parts_to_throw_insert = 1")
    write([f"first-{number}" for number in range(100)])
    drain(sink, stage.broker)
    write([f"away-{number}" for number in range(100)])
    for _ in range(5):
        sink.step(0.2)
        sink.settle()
    assert client.query("SELECT count() FROM clicks").result_rows == [(100,)]
    client.command("ALTER TABLE clicks MODIFY SETTING parts_to_throw_insert = 3000")
    drain(sink, stage.broker)
    assert client.query("SELECT count() FROM clicks FINAL").result_rows == [(200,)]
    client.command("SYSTEM START MERGES clicks")
