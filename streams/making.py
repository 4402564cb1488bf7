"""Which making of a table this is: an insert meant for another one is refused.

A sink reads a table's positions, and inserts what comes after them. If the table is made anew
or exchanged in between, the insert would leave a hole that no later look at max(offset) shows.
Asking before each insert is not enough: the exchange may come between question and insert.

So a table carries its making in its schema, as the name of a column: `made_4f1c…`. A sink reads
that name *before* the positions, and its insert names the column. ClickHouse looks the column
up in whichever table the insert got hold of, so there is nothing in between: another making of
the table lacks it and refuses the insert whole (NO_SUCH_COLUMN_IN_TABLE). The column is
MATERIALIZED: `SELECT *` and views do not show it.

Two processes may mark a table at once; it has two such columns then, and both are its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from clickhouse_connect.driver.client import Client

PREFIX = "made_"
NO_SUCH_COLUMN = 16
"""ClickHouse's code for an insert that names a column the table does not have."""
INSERT_SETTING = {"insert_allow_materialized_columns": 1}
"""With it an insert may name the column."""


def makings(client: Client, database: str | None = None) -> dict[str, str]:
    """Table → its making, of all marked tables of the client's database, or of another."""
    rows = client.query(
        "SELECT table, min(name) FROM system.columns WHERE database = {database:String} "
        f"AND startsWith(name, '{PREFIX}') AND default_kind = 'MATERIALIZED' GROUP BY table",
        parameters={"database": database or client.database},
    ).result_rows
    return {str(table): str(name) for table, name in rows}


def mark(client: Client, tables: Iterable[str]) -> None:
    """Give every one of `tables` that has no making one of its own."""
    marked = makings(client)
    for table in tables:
        if table not in marked:
            client.command(
                f"ALTER TABLE {table} ADD COLUMN {PREFIX}{uuid.uuid4().hex[:12]} UInt8 "
                "MATERIALIZED 0 COMMENT 'names the making of this table: see the sink'"
            )


def into(table: str, making: str) -> str:
    """What an insert of a sink names: all columns, and the making."""
    return f"{table} (*, {making})"
