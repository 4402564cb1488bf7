"""The warehouse's database: made where there is none, and brought to the newest schema.

    client = migrate(settings.warehouse)      # creates database, tables and views as needed

Works alike on a ClickHouse server and on the embedded warehouse. Applied files are noted in
`schema_migrations`, together with the database's *generation*: a random id that another
database of the same name would not have. The tables that a sink fills carry their making
besides (`streams.making`): a sink whose positions are of another making cannot insert.
"""

from __future__ import annotations

import hashlib
import re
import uuid

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from events.settings import Warehouse
from projections.warehouse import Migration, migrations
from streams.making import mark

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 120

SINK_TABLES = (
    "clicks",
    "conversions",
    "decisions",
    "attributions",
    "journal_entries",
    "dead_letters",
    "passed",
)
"""The tables that a sink fills from the log; `passed` holds no records of its own."""
CLOSED = -3
"""Number of the rows of `schema_migrations` that say until when inserts are to wait, in
milliseconds since 1970 UTC."""

LOG_OF_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    number Int32 COMMENT 'of the file; 0: the database itself',
    name String,
    digest String COMMENT 'SHA-256 of the file, hex; for number 0 the generation',
    applied DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY number
"""


class SchemaError(RuntimeError):
    """The database cannot be used by this version; says why and what to do."""


def connect(warehouse: Warehouse, database: str | None = None) -> Client:
    """A client of the warehouse, by default of the ledger's database, which must exist.

    May be shared by threads. Raises clickhouse_connect's errors.
    """
    return clickhouse_connect.get_client(
        host=warehouse.host,
        port=warehouse.port,
        username=warehouse.username,
        password=warehouse.password,
        secure=warehouse.secure,
        database=database or warehouse.database,
        connect_timeout=CONNECT_TIMEOUT_S,
        send_receive_timeout=ANSWER_TIMEOUT_S,
        autogenerate_session_id=False,  # a session takes one request at a time
        compress=False,
    )


def migrate(warehouse: Warehouse) -> Client:
    """Create what is missing, apply what is new, and return a client of the database.

    Two processes may do so at once: every statement can be applied twice. Raises SchemaError
    for a database whose applied files are not those of this version.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", warehouse.database):
        raise SchemaError(
            f"database {warehouse.database!r}: expected letters, digits and '_'; "
            "name another one in PLEDGER_WAREHOUSE"
        )
    server = connect(warehouse, "default")
    try:
        server.command(f"CREATE DATABASE IF NOT EXISTS {warehouse.database}")
    finally:
        server.close()
    client = connect(warehouse)
    client.command(LOG_OF_MIGRATIONS)
    if generation(client) == "":
        _note(client, 0, "generation", uuid.uuid4().hex)
    applied = {
        int(number): str(digest)
        for number, digest in client.query(
            "SELECT number, any(digest) FROM schema_migrations GROUP BY number"
        ).result_rows
    }
    for migration in migrations():
        if migration.number not in applied:
            _apply(client, migration)
        elif applied[migration.number] != _digest(migration):
            raise SchemaError(
                f"database {warehouse.database}: {migration.number:03}_{migration.name}.sql was "
                "applied in another version. The warehouse holds nothing of its own: `pledger "
                "warehouse rebuild` fills a new one from the log and puts it in place (or "
                f"DROP DATABASE {warehouse.database}, and it is filled again, empty meanwhile)"
            )
    mark(client, SINK_TABLES)
    return client


def closed(client: Client) -> bool:
    """Whether inserts are to wait: the tables are being exchanged right now. By the server's
    clock; ends by itself (see `close_for`)."""
    rows = client.query(
        "SELECT max(toInt64OrZero(digest)) > toUnixTimestamp64Milli(now64(3)) "
        f"FROM schema_migrations WHERE number = {CLOSED}"
    ).result_rows
    return bool(rows[0][0])


def close_for(client: Client, seconds: float) -> None:
    """Ask sinks to insert nothing for so long, from now on by the server's clock.

    It is courtesy, not safety: one that did not hear of it is stopped by the tables' makings.
    It ends by itself, so nobody who dies meanwhile leaves the sinks waiting.
    """
    client.command(
        "INSERT INTO schema_migrations (number, name, digest) SELECT "
        f"{CLOSED}, 'closed until', toString(toUnixTimestamp64Milli(now64(3)) + "
        f"{int(seconds * 1000)})"
    )


def generation(client: Client) -> str:
    """Which making of the database this is; empty when it was not made by `migrate`."""
    rows = client.query("SELECT min(digest) FROM schema_migrations WHERE number = 0").result_rows
    return str(rows[0][0])


def _apply(client: Client, migration: Migration) -> None:
    for statement in migration.statements():
        client.command(statement)
    _note(client, migration.number, migration.name, _digest(migration))


def _note(client: Client, number: int, name: str, digest: str) -> None:
    client.command(
        "INSERT INTO schema_migrations (number, name, digest) "
        "SELECT {number:Int32}, {name:String}, {digest:String}",
        parameters={"number": number, "name": name, "digest": digest},
    )


def _digest(migration: Migration) -> str:
    return hashlib.sha256(migration.sql.encode()).hexdigest()
