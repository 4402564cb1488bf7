"""A world's records as rows of the warehouse, at the times the world gave them.

By way of Kafka the broker would stamp all of them with the present. The rows are made by the
sink's own function.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from events import topics
from events.clicks import Click
from events.codec import decode, encode
from streams.sink_rows import TABLES, row
from tests.projections.world import World

TOLD = ("clicks", "conversions", "attributions", "journal_entries", "decisions")


class Stamped(NamedTuple):
    """A record as its consumer meets it, with the time it was stamped with."""

    bytes: bytes
    place: tuple[int, int]
    at: int

    def value(self) -> bytes:
        return self.bytes

    def partition(self) -> int:
        return self.place[0]

    def offset(self) -> int:
        return self.place[1]

    def timestamp(self) -> tuple[int, int]:
        return 2, self.at


def fill(client: Client, world: World, clicks: Iterable[Click] = ()) -> None:
    """The tables hold this world, and nothing else."""
    for table in TOLD:
        client.command(f"TRUNCATE TABLE {table}")
    for topic, logs in (
        (topics.CONVERSIONS, world.conversions),
        (topics.ATTRIBUTIONS, world.attributions),
        (topics.JOURNAL, world.journal),
    ):
        rows = [
            row(topic, Stamped(value, (partition, offset), _at(world, topic, partition, offset)))
            for partition, values in logs.items()
            for offset, value in enumerate(values)
        ]
        _insert(client, TABLES[topic], rows)
    stamped = [Stamped(encode(one), (0, n), one.occurred_at) for n, one in enumerate(clicks)]
    _insert(client, "clicks", [row(topics.CLICKS, one) for one in stamped])
    _insert(client, "decisions", [encode(_decision(one)) for one in world.decisions])


def _at(world: World, topic: str, partition: int, offset: int) -> int:
    """When the broker would have stamped a record."""
    if topic == topics.JOURNAL:
        return int(decode(topic, world.journal[partition][offset]).at)
    return int(decode(topics.ATTRIBUTIONS, world.attributions[partition][offset]).recorded_at)


def _decision(one: Any) -> dict[str, Any]:
    return {
        "partition": 0,
        "offset": one.number - 1,
        "number": one.number,
        "recorded_at": one.recorded_at,
        "aggregate": one.aggregate,
        "version": one.version,
        "name": one.name,
        "state": one.state.decode(),
    }


def _insert(client: Client, table: str, rows: list[bytes]) -> None:
    if rows:
        client.raw_insert(
            table,
            insert_block=b"\n".join(rows),
            fmt="JSONEachRow",
            settings={
                "input_format_skip_unknown_fields": 1,
                "input_format_json_read_arrays_as_strings": 1,
            },
        )
