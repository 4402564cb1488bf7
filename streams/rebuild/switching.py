"""The switch: the new tables in the live database's names, the old ones in those of before.

The steps stand in `Switch.run`, numbered. Whoever dies at any of them leaves a warehouse that
answers every query from whole tables, and runs the rebuild again to go on: what was done shows
in the tables' makings, and nothing else is asked.

What makes it right at every point:
  - a table is exchanged by itself, atomically (EXCHANGE TABLES);
  - a sink's insert names the making of the table it is for (`streams.making`): one that is under
    way goes into the old table, wherever that is by now; one that comes later is refused, and the
    sink asks the new table where to go on;
  - the new table has read at least as far as the old one when it takes its place, so no reader
    sees a figure go back: sinks are asked to wait, and the new tables catch up, first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as WarehouseError

from projections.warehouse import migrations
from streams.failpoints import reached as failpoint
from streams.making import makings
from streams.rebuild.comparing import positions
from streams.rebuild.databases import (
    MIGRATIONS,
    Databases,
    Note,
    RebuildError,
    exists,
    generation_in,
    tables_of,
)
from streams.rebuild.filling import Spots
from streams.schema import SINK_TABLES, close_for, connect
from streams.sink_rows import TABLES

CLOSED_S = 20.0
"""How long sinks are asked to wait; asked again while the new tables catch up."""
STILL_S = 0.5
"""How long the live tables must have stood still: a sink asks whether it may, and inserts."""
LOOK_S = 0.05
PATIENCE_S = 120.0
"""How long the new tables may take to catch up with tables that stand still, seconds."""

STATEMENT = re.compile(
    r"(?P<kind>CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE)\s+`?(?P<name>\w+)"
)


def left_to_exchange(server: Client, databases: Databases, note: Note) -> list[str]:
    """The tables that are not in place yet."""
    in_place = makings(server, databases.live) if exists(server, databases.live) else {}
    return [table for table in SINK_TABLES if in_place.get(table) != note.makings[table]]


class Switch:
    """One switch. `caught_up(positions)` returns once the new tables have read so far, and
    `stop_filling` ends the sinks that fill them."""

    def __init__(
        self,
        server: Client,
        databases: Databases,
        note: Note,
        caught_up: Callable[[Spots], None],
        stop_filling: Callable[[], None],
    ) -> None:
        self._server = server
        self._databases = databases
        self._note = note
        self._caught_up = caught_up
        self._stop_filling = stop_filling

    def run(self) -> None:
        """All steps that are left. Raises RebuildError; then nothing is in an unsound state."""
        server, databases = self._server, self._databases
        live, new, before = databases.live, databases.new, databases.before
        # 1. There may be no live database at all.
        server.command(f"CREATE DATABASE IF NOT EXISTS {live}")
        left = left_to_exchange(server, databases, self._note)
        if left:
            # 2. Sinks wait; what they had under way arrives; the new tables read as far. A death
            #    from here on leaves the sinks waiting CLOSED_S at most.
            self._catch_up_with_live([topic for topic, table in TABLES.items() if table in left])
            failpoint("rebuild", "closed")
            # 3. Nobody fills the new tables any more: under their names stand the old ones soon.
            self._stop_filling()
            failpoint("rebuild", "stopped")
        # 4. The tables, one by one. `passed` last: while records' tables are left to be filled,
        #    it stands beside them.
        for table in left:
            self._put_in_place(table)
            failpoint("rebuild", f"exchanged-{table}")
        # 5. Tables that no sink fills are left as they are, or made; views are replaced where
        #    they read otherwise. New views after new tables: a new column is there by then.
        self._bring_schema()
        failpoint("rebuild", "schema")
        # 6. What was applied, and the generation. From here on a sink of an older version of
        #    this program says that the database is newer than it knows.
        if generation_in(server, live) != self._note.makings[MIGRATIONS]:
            self._put_in_place(MIGRATIONS)
        failpoint("rebuild", "generation")
        # 7. The old tables, out of the way under a name that says what they are.
        server.command(f"CREATE DATABASE IF NOT EXISTS {before}")
        kept = tables_of(server, before)
        for table in sorted(tables_of(server, new) & {*SINK_TABLES, MIGRATIONS} - kept):
            server.command(f"RENAME TABLE {new}.{table} TO {before}.{table}")
            failpoint("rebuild", f"kept-{table}")
        # 8. What is left are views and the note. Without the note there is no rebuild to go on.
        server.command(f"DROP DATABASE {new} SYNC")

    def _catch_up_with_live(self, names: list[str]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        still_since, stood = time.monotonic(), self._live(names)
        asked = 0.0
        while True:
            if time.monotonic() - asked > CLOSED_S / 2:
                asked = time.monotonic()
                self._close()
            self._caught_up(stood)
            now = self._live(names)
            if now != stood or self._inserting():
                still_since, stood = time.monotonic(), now
            elif time.monotonic() - still_since >= STILL_S:
                return
            if time.monotonic() > deadline:
                raise RebuildError(
                    f"the tables of {self._databases.live} did not stand still within "
                    f"{PATIENCE_S:g} s; does a sink of another version write into them? Nothing "
                    "was exchanged; run `pledger warehouse rebuild` again to go on"
                )
            time.sleep(LOOK_S)

    def _live(self, names: list[str]) -> Spots:
        return positions(self._server, self._databases.live, names)

    def _close(self) -> None:
        if MIGRATIONS not in tables_of(self._server, self._databases.live):
            return  # no sink works on a database that it has not made
        client = connect(self._databases.warehouse)
        try:
            close_for(client, CLOSED_S)
        finally:
            client.close()

    def _inserting(self) -> bool:
        rows = self._server.query(
            "SELECT count() FROM system.processes "
            "WHERE query_kind = 'Insert' AND current_database = {database:String}",
            parameters={"database": self._databases.live},
        ).result_rows
        return bool(rows[0][0])

    def _put_in_place(self, table: str) -> None:
        live, new = self._databases.live, self._databases.new
        if self._server.command(f"EXISTS TABLE {live}.{table}"):
            self._server.command(f"EXCHANGE TABLES {live}.{table} AND {new}.{table}")
        else:
            self._server.command(f"RENAME TABLE {new}.{table} TO {live}.{table}")

    def _bring_schema(self) -> None:
        client = connect(self._databases.warehouse)
        try:
            waiting = list(self._schema_statements())
            while waiting:
                # A view may read another one that is yet to be made.
                failed: list[tuple[str, WarehouseError]] = []
                for statement in waiting:
                    try:
                        client.command(statement)
                    except WarehouseError as problem:
                        failed.append((statement, problem))
                if len(failed) == len(waiting):
                    raise failed[0][1]
                waiting = [statement for statement, _ in failed]
        finally:
            client.close()

    def _schema_statements(self) -> Iterator[str]:
        """What the live database lacks: of each view only its newest form."""
        views: dict[str, str] = {}
        for migration in migrations():
            for statement in migration.statements():
                match = STATEMENT.match(statement)
                if match is None:
                    raise RebuildError(f"{migration.name}: {statement[:80]!r} is not understood")
                if match["kind"] == "CREATE OR REPLACE VIEW":
                    views.pop(match["name"], None)
                    views[match["name"]] = statement
                elif match["name"] not in SINK_TABLES:
                    yield statement
        there, wanted = self._views(self._databases.live), self._views(self._databases.new)
        for name, statement in views.items():
            if name not in there or there[name] != wanted.get(name):
                yield statement

    def _views(self, database: str) -> dict[str, str]:
        rows = self._server.query(
            "SELECT name, create_table_query FROM system.tables "
            "WHERE database = {database:String} AND engine = 'View'",
            parameters={"database": database},
        ).result_rows
        named = re.compile(rf"\b{database}\.")
        return {str(name): named.sub("", str(query)) for name, query in rows}
