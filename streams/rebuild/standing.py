"""How a warehouse stands: positions, lag, generation, and a rebuild under way."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from events.settings import Broker, Warehouse
from projections.warehouse import migrations
from streams.making import makings
from streams.rebuild.comparing import positions
from streams.rebuild.databases import (
    MIGRATIONS,
    NOTE,
    Databases,
    exists,
    generation_in,
    read_note,
    tables_of,
)
from streams.rebuild.filling import Spots, behind, log_ends
from streams.schema import SINK_TABLES
from streams.sink_rows import TABLES


class TopicStanding(Struct, frozen=True):
    """One topic, over all partitions, in records."""

    topic: str
    table: str
    read: int
    end: int
    behind: int


class RebuildStanding(Struct, frozen=True):
    """A rebuild that was begun and has not ended."""

    database: str
    began: str
    read: int
    end: int
    exchanged: int
    """Of `tables` tables, so many are in place."""
    tables: int


class Standing(Struct, frozen=True):
    """All that `pledger warehouse status` shows."""

    database: str
    there: bool
    generation: str
    schema: str
    """Newest file applied, and whether this version has newer ones."""
    behind: int
    topics: list[TopicStanding]
    rebuild: RebuildStanding | None
    before: str
    """Database of the tables that the last rebuild replaced; empty: there is none."""


def standing(broker: Broker, warehouse: Warehouse) -> Standing:
    """As of now. Raises LogError, and the warehouse client's errors."""
    databases = Databases.of(warehouse)
    ends = log_ends(broker, list(TABLES))
    server = databases.server()
    try:
        live = databases.live
        there = exists(server, live)
        read = _reached(server, live) if there else {}
        listed = [_topic(topic, read, ends) for topic in TABLES]
        return Standing(
            database=live,
            there=there,
            generation=generation_in(server, live) if there else "",
            schema=_schema(server, live) if there else "none",
            behind=sum(topic.behind for topic in listed),
            topics=listed,
            rebuild=_rebuild(server, warehouse, ends),
            before=databases.before if exists(server, databases.before) else "",
        )
    finally:
        server.close()


def _reached(server: Client, database: str) -> Spots:
    """By the tables that can be asked, and by what was passed over."""
    found = positions(server, database, list(TABLES))
    if "passed" in tables_of(server, database):
        rows = server.query(
            f"SELECT topic, `partition`, max(next_offset) FROM {database}.passed GROUP BY 1, 2"
        ).result_rows
        for topic, partition, end in rows:
            found[topic, partition] = max(int(end), found.get((topic, partition), 0))
    return found


def _topic(topic: str, read: Spots, ends: Spots) -> TopicStanding:
    mine = {spot: end for spot, end in ends.items() if spot[0] == topic}
    lag = behind(read, mine)
    end = sum(mine.values())
    return TopicStanding(topic, TABLES[topic], end - lag, end, lag)


def _schema(server: Client, live: str) -> str:
    if MIGRATIONS not in tables_of(server, live):
        return "none"
    newest = int(server.query(f"SELECT max(number) FROM {live}.{MIGRATIONS}").result_rows[0][0])
    known = max(migration.number for migration in migrations())
    note = "" if newest == known else f"; this version of pledger has {known:03}"
    return f"{newest:03}{note}"


def _rebuild(server: Client, warehouse: Warehouse, ends: Spots) -> RebuildStanding | None:
    rows = server.query(
        "SELECT database FROM system.tables WHERE name = {name:String} ORDER BY database",
        parameters={"name": NOTE},
    ).result_rows
    for (database,) in rows:
        noted = read_note(server, str(database)) or {}
        if noted.get("live") != warehouse.database:
            continue
        began = server.query(f"SELECT toString(min(began)) FROM {database}.{NOTE}").result_rows
        live = warehouse.database
        in_place = makings(server, live) if exists(server, live) else {}
        exchanged = [table for table in SINK_TABLES if in_place.get(table) == noted[table]]
        left = [topic for topic, table in TABLES.items() if table not in exchanged]
        read = positions(server, str(database), left)
        wanted = {spot: end for spot, end in ends.items() if spot[0] in left}
        end = sum(wanted.values())
        return RebuildStanding(
            database=str(database),
            began=str(began[0][0]),
            read=end - behind(read, wanted),
            end=end,
            exchanged=len(exchanged),
            tables=len(SINK_TABLES),
        )
    return None
