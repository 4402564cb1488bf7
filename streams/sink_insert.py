"""Blocks into their tables: each table's rows of a batch by one insert, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.exceptions import Error as WarehouseError

from events.codec import encode
from events.log import to_record
from streams.making import INSERT_SETTING, NO_SUCH_COLUMN, into
from streams.schema import closed
from streams.sink_letters import SinkLetters
from streams.sink_rows import TABLES, Block, Message, canonical_row

INSERT_SETTINGS = {
    "async_insert": 0,
    "input_format_parallel_parsing": 0,  # one block, so that the insert is atomic
    "max_insert_block_size": 1_000_000,
    "min_insert_block_size_rows": 1_000_000,
    "min_insert_block_size_bytes": 1_000_000_000,
    "optimize_on_insert": 0,  # a batch has no two rows of one key
    "input_format_skip_unknown_fields": 1,
    "input_format_json_read_arrays_as_strings": 1,
    **INSERT_SETTING,
}

REFUSALS = {6, 26, 27, 33, 53, 69, 70, 72, 117, 131, 321}
"""ClickHouse's codes for rows it cannot parse or hold: a matter of a row, not of the server."""


class TablesReplaced(RuntimeError):
    """The tables are not those that the positions were read from, or are about to be others."""


class Inserter:
    """Inserts into one making of each table, which was read before the tables' positions.

    Raises WarehouseError or TablesReplaced; then nothing is known of the batch, and the tables
    must be asked.
    """

    def __init__(self, client: Client, letters: SinkLetters, made: Mapping[str, str]) -> None:
        self._client = client
        self._letters = letters
        self._made = made

    def insert(self, blocks: list[Block]) -> None:
        if closed(self._client):
            raise TablesReplaced(f"the tables of {self._client.database} are being exchanged")
        for topic, table in TABLES.items():
            mine = [block for block in blocks if block.topic == topic and block.rows]
            if not mine:
                continue
            try:
                self._insert_rows(table, [row for block in mine for row in block.rows])
            except WarehouseError as problem:
                if problem.code not in REFUSALS:
                    raise
                messages = [message for block in mine for message in block.messages]
                self._insert_what_fits(topic, table, messages)
        passed = [
            encode(
                {
                    "topic": block.topic,
                    "partition": block.partition,
                    "next_offset": block.next_offset,
                }
            )
            for block in blocks
            if block.passed
        ]
        if passed:
            self._insert_rows("passed", passed)

    def _insert_rows(self, table: str, rows: list[bytes]) -> None:
        try:
            done = self._client.raw_insert(
                into(table, self._made[table]),
                insert_block=b"\n".join(rows),
                fmt="JSONEachRow",
                settings=INSERT_SETTINGS,
            )
        except WarehouseError as problem:
            if problem.code == NO_SUCH_COLUMN:
                raise TablesReplaced(f"{self._client.database}.{table} was made anew") from problem
            raise
        # chDB reports no error when the table itself turns an insert away (too many parts).
        written = done.summary.get("written_rows")
        if written is not None and int(written) < len(rows):
            raise DatabaseError(f"{table} took {int(written):,} of {len(rows):,} rows")

    def _insert_what_fits(self, topic: str, table: str, messages: list[Message]) -> None:
        """A row that ClickHouse refuses must not hold up the others: find it by halves, with
        fields of the schema only, and write a dead letter of it."""
        try:
            self._insert_rows(table, [canonical_row(topic, message) for message in messages])
        except WarehouseError as problem:
            if problem.code not in REFUSALS:
                raise
            if len(messages) == 1:
                why = f"ClickHouse refuses the row: {problem}"
                self._letters.write([(to_record(messages[0]), why)])
                return
            middle = len(messages) // 2
            self._insert_what_fits(topic, table, messages[:middle])
            self._insert_what_fits(topic, table, messages[middle:])
