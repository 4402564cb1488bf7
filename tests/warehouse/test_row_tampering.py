"""All ways to change a row, done at once to a real warehouse: each is named, and no other row."""

from __future__ import annotations

import pytest
from clickhouse_connect.driver.client import Client

from audit.log import KafkaLog
from audit.reconcile.rows import TABLES
from cli.reconcile_warehouse import compare_warehouse
from events.settings import Settings
from streams.schema import connect
from streams.sink import WarehouseSink
from tests.warehouse.conftest import drain
from tests.warehouse.row_tampering import WAYS, RowWay
from tests.warehouse.story import Story

pytestmark = pytest.mark.broker


def place(client: Client, way: RowWay) -> tuple[int, int]:
    """Partition and offset of the row meant."""
    if way.row.isdecimal():
        return 0, int(way.row)
    rows = f"SELECT partition, offset FROM {way.table}"
    order = " ORDER BY partition, offset LIMIT 1"
    if way.row == "{first}":
        found = client.query(rows + order).result_rows
    elif way.row == "{second}":
        found = client.query(f"{rows}{order} OFFSET 1").result_rows
    else:
        found = client.query(f"{rows} WHERE {way.row}").result_rows
    assert len(found) == 1, (way.name, found)
    return found[0][0], found[0][1]


def test_each_row_that_was_changed_is_named(stage: Settings, sink: WarehouseSink) -> None:
    Story(customers=30).write(stage.broker)
    drain(sink, stage.broker)
    client = connect(stage.warehouse)
    expected: dict[tuple[str, str], RowWay] = {}
    for way in WAYS:
        partition, offset = place(client, way)
        row = f"partition = {partition} AND offset = {offset}"
        for statement in way.sql.format(table=way.table, row=row).split(";"):
            client.command(statement)
        expected[way.kind, f"{way.topic}/{partition}/{offset}"] = way
    assert len(expected) == len(WAYS), "each has a row of its own"
    log = KafkaLog(stage.broker)
    report = compare_warehouse(log, client, list(TABLES), 0.0, lambda _: None)
    found = {(one.kind, one.position): one for one in report.differences}
    assert found.keys() == expected.keys()
    for named, way in expected.items():
        columns = [one.column for one in found[named].columns]
        assert not way.column or columns[0].startswith(way.column), (way.name, columns)
        assert {column.partition("[")[0].partition(".")[0] for column in columns} <= {
            way.column.partition("[")[0]
        }, way.name
