"""The databases of a rebuild, and what is noted in the new one: which rebuild it is.

The note stands in a table of its own, `rebuild_of`, that is made first and never exchanged: the
makings of the new tables, by which a rebuild that goes on after a kill tells which of them are
in place already.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from clickhouse_connect.driver.client import Client

from events.settings import Warehouse
from projections.warehouse import migrations
from streams.making import makings
from streams.schema import SINK_TABLES, connect, generation, migrate
from streams.sink_positions import check_cluster

NOTE = "rebuild_of"
MIGRATIONS = "schema_migrations"
CREATE_NOTE = f"""
CREATE TABLE IF NOT EXISTS {NOTE}
(
    name String COMMENT 'of a table, or: version, cluster',
    value String COMMENT 'the making of that table as it was filled; its own value',
    began DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY name
"""
REBUILD, BEFORE = "_rebuild", "_before"
DATABASE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class RebuildError(RuntimeError):
    """The warehouse cannot be rebuilt as asked; says why and what to do."""


@dataclass(frozen=True)
class Databases:
    """By name; all on one server."""

    warehouse: Warehouse
    new: str

    @classmethod
    def of(cls, warehouse: Warehouse, new: str = "") -> Databases:
        """`new`: by default the live database's name with `_rebuild`. Raises RebuildError."""
        name = new or warehouse.database + REBUILD
        if not DATABASE_NAME.fullmatch(name):
            raise RebuildError(f"database {name!r}: expected letters, digits and '_'")
        if name in (warehouse.database, warehouse.database + BEFORE, "default", "system"):
            raise RebuildError(f"database {name!r} has another use; name one that is free")
        return cls(warehouse, name)

    @property
    def live(self) -> str:
        """The database that readers query."""
        return self.warehouse.database

    @property
    def before(self) -> str:
        """Where the old tables are kept afterwards."""
        return self.live + BEFORE

    @property
    def filled(self) -> Warehouse:
        """The new database, as sinks are told it."""
        return replace(self.warehouse, database=self.new)

    def server(self) -> Client:
        """A client that needs none of the databases to be there."""
        return connect(self.warehouse, "default")


@dataclass(frozen=True)
class Note:
    """What `rebuild_of` says."""

    makings: dict[str, str]
    """Table → its making as it was filled; `schema_migrations`: the generation."""
    resumed: bool
    """Whether this rebuild was begun before."""


def schema_version() -> str:
    """SHA-256 (hex) over all numbered files."""
    digest = hashlib.sha256()
    for migration in migrations():
        digest.update(f"{migration.number} {migration.name} {len(migration.sql)}\n".encode())
        digest.update(migration.sql.encode())
    return digest.hexdigest()


def prepare(server: Client, databases: Databases, cluster: str) -> Note:
    """The new database with empty tables, or as an interrupted rebuild left it.

    What was begun in another version of the schema or from another log is begun anew. Raises
    RebuildError when the database is somebody else's.
    """
    same = {"version": schema_version(), "cluster": cluster, "live": databases.live}
    if exists(server, databases.new):
        noted = read_note(server, databases.new)
        if noted is None and tables_of(server, databases.new):
            raise RebuildError(
                f"database {databases.new} holds tables that no rebuild made; name another with "
                "--database, or drop it"
            )
        if noted is not None and all(noted.get(key) == value for key, value in same.items()):
            made = {table: noted[table] for table in (*SINK_TABLES, MIGRATIONS)}
            return Note(made, resumed=True)
        server.command(f"DROP DATABASE {databases.new} SYNC")
    # The place for the old tables is freed here, not at the switch: that is to be short.
    server.command(f"DROP DATABASE IF EXISTS {databases.before} SYNC")
    server.command(f"CREATE DATABASE {databases.new}")
    client = connect(databases.warehouse, databases.new)
    try:
        client.command(CREATE_NOTE)
        migrate(databases.filled).close()
        check_cluster(client, cluster)
        made = {**makings(client), MIGRATIONS: generation(client)}
        # All in one block: it is there, or the rebuild was not begun.
        client.insert(NOTE, list({**made, **same}.items()), column_names=["name", "value"])
    finally:
        client.close()
    return Note(made, resumed=False)


def exists(server: Client, database: str) -> bool:
    """Whether there is such a database."""
    return bool(server.command(f"EXISTS DATABASE {database}"))


def tables_of(server: Client, database: str) -> set[str]:
    """Its tables, views not counted."""
    rows = server.query(
        "SELECT name FROM system.tables WHERE database = {database:String} AND engine != 'View'",
        parameters={"database": database},
    ).result_rows
    return {str(name) for (name,) in rows}


def read_note(server: Client, database: str) -> dict[str, str] | None:
    """What was noted when the rebuild was begun; empty: it never got so far; None: no rebuild."""
    if NOTE not in tables_of(server, database):
        return None
    return dict(server.query(f"SELECT name, value FROM {database}.{NOTE}").result_rows)


def generation_in(server: Client, database: str) -> str:
    """The generation of a database; empty where it has none."""
    if MIGRATIONS not in tables_of(server, database):
        return ""
    rows = server.query(
        f"SELECT min(digest) FROM {database}.{MIGRATIONS} WHERE number = 0"
    ).result_rows
    return str(rows[0][0])
