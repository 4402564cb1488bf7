"""The new database held against the log, and the live one against the new.

Against the log: every record has its row, or is known to have none. Facts have a row each,
unless unreadable (the sink wrote a letter of it); a decider's accepted records and the decisions
are numbered without a gap. Books balance in every unit. A database that fails this is not
switched over.

Against each other, over the records that both have read: what the live database lacks, has too
much of, or sums up otherwise is reported, and no obstacle: it is what rebuilding mends.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as WarehouseError
from msgspec import DecodeError, Struct

from events import topics
from events.codec import decode
from events.log import read
from events.position import Position
from events.settings import Broker
from streams.rebuild.filling import Spots
from streams.sink_letters import PROCESSOR
from streams.sink_positions import DERIVED
from streams.sink_rows import TABLES

UNKNOWN_TABLE = 60
"""ClickHouse's code."""
SAID_CHARACTERS = 100
"""Of what ClickHouse says of a table it cannot read."""

Bounds = dict[int, int]
"""Partition → offset below which is counted."""
Balances = dict[str, dict[str, int]]
"""Unit → account → sum of its legs, minor units."""


class TableCompared(Struct, frozen=True):
    """One table of both databases, over the records that both have read."""

    table: str
    position: int
    """Records the new table has read, over all partitions."""
    live_position: int
    rows: int
    live_rows: int
    problem: str = ""
    """Why the live table cannot be compared."""

    @property
    def same(self) -> bool:
        """Whether both hold the same number of rows."""
        return not self.problem and self.rows == self.live_rows


class Compared(Struct, frozen=True):
    """Both databases, table by table."""

    tables: list[TableCompared]
    trial_balance: Balances
    """Of the new database, up to where both have read the journal."""
    live_trial_balance: Balances | None
    """The same of the live one; None where it cannot be asked."""

    @property
    def same(self) -> bool:
        """Whether no difference was found."""
        return (
            all(table.same for table in self.tables)
            and self.trial_balance == self.live_trial_balance
        )


def gaps(client: Client, broker: Broker, database: str, reached: Spots) -> list[str]:
    """What a database that has read to `reached` lacks of the log, in words; empty: nothing."""
    found: list[str] = []
    unreadable = _unreadable(broker, reached)
    for topic, table in TABLES.items():
        bounds = _of_topic(reached, topic)
        if not bounds:
            continue
        numbered = topic in (*DERIVED, topics.DECISIONS)
        number = "max(number)" if topic == topics.DECISIONS else "max(n) + 1"
        rows = client.query(
            f"SELECT `partition`, count(), {number if numbered else 'toInt64(0)'} "
            f"FROM {database}.{table} FINAL WHERE {_below(bounds)} GROUP BY `partition`"
        ).result_rows
        held = {int(partition): (int(count), int(newest)) for partition, count, newest in rows}
        for partition, end in bounds.items():
            count, newest = held.get(partition, (0, 0))
            due = newest if numbered else end - unreadable.get((topic, partition), 0)
            if count != due:
                found.append(f"{table}: {count:,} rows of {topic}/{partition}, expected {due:,}")
    if booked := _of_topic(reached, topics.JOURNAL):
        for unit, accounts in trial_balance(client, database, booked).items():
            if total := sum(accounts.values()):
                found.append(f"journal_entries: the legs in {unit} sum to {total}")
    return found


def compare(client: Client, live: str, new: str, reached: Spots, names: list[str]) -> Compared:
    """The tables of `names` (topics) in both databases. `reached`: how far the new one read."""
    tables = [_compare_table(client, live, new, topic, reached) for topic in names]
    if topics.JOURNAL not in names:  # it is in place already
        return Compared(tables, {}, {})
    bounds = _of_topic(reached, topics.JOURNAL)
    try:
        there = _newest(client, live, TABLES[topics.JOURNAL])
        both = {p: min(end, there.get(p, 0)) for p, end in bounds.items()}
        theirs = trial_balance(client, live, both)
    except WarehouseError:
        return Compared(tables, trial_balance(client, new, bounds), None)
    return Compared(tables, trial_balance(client, new, both), theirs)


def _compare_table(
    client: Client, live: str, new: str, topic: str, reached: Spots
) -> TableCompared:
    table = TABLES[topic]
    mine = _of_topic(reached, topic)
    position = sum(mine.values())
    try:
        there = _newest(client, live, table)
        # Where the live one lags, the rest is not its fault; what it has beyond is not ours.
        bounds = {p: min(end, there.get(p, 0)) for p, end in mine.items()}
        theirs = _count(client, live, table, bounds)
    except WarehouseError as problem:
        return TableCompared(table, position, 0, _count(client, new, table, mine), 0, _why(problem))
    ours = _count(client, new, table, bounds)
    return TableCompared(table, position, sum(there.values()), ours, theirs)


def _why(problem: WarehouseError) -> str:
    if problem.code == UNKNOWN_TABLE:
        return "it was not there"
    _, _, said = " ".join(str(problem).split()).rpartition("DB::Exception: ")
    return said[:SAID_CHARACTERS]


def trial_balance(client: Client, database: str, bounds: Bounds) -> Balances:
    """Sums of the legs of the entries below `bounds`, by unit and account."""
    rows = client.query(
        "SELECT if(leg.unit = '', unit, leg.unit) AS of, leg.account, sum(leg.amount) "
        f"FROM {database}.journal_entries FINAL ARRAY JOIN legs AS leg WHERE {_below(bounds)} "
        "GROUP BY of, leg.account ORDER BY of, leg.account"
    ).result_rows
    found: Balances = {}
    for unit, account, amount in rows:
        found.setdefault(str(unit), {})[str(account)] = int(amount)
    return found


def positions(client: Client, database: str, names: list[str]) -> Spots:
    """The record after the newest row of each partition; of tables that can be asked."""
    found: Spots = {}
    for topic in names:
        try:
            newest = _newest(client, database, TABLES[topic])
        except WarehouseError:
            continue
        found.update({(topic, partition): end for partition, end in newest.items()})
    return found


def _newest(client: Client, database: str, table: str) -> Bounds:
    rows = client.query(
        f"SELECT `partition`, max(`offset`) + 1 FROM {database}.{table} GROUP BY `partition`"
    ).result_rows
    return {int(partition): int(end) for partition, end in rows}


def _count(client: Client, database: str, table: str, bounds: Bounds) -> int:
    rows = client.query(
        f"SELECT count() FROM {database}.{table} FINAL WHERE {_below(bounds)}"
    ).result_rows
    return int(rows[0][0])


def _below(bounds: Bounds) -> str:
    """A condition on `partition` and `offset`."""
    if not bounds:
        return "0"
    partitions = ", ".join(str(partition) for partition in bounds)
    ends = ", ".join(str(end) for end in bounds.values())
    return f"`offset` < transform(`partition`, [{partitions}], [{ends}], 0)"


def _of_topic(reached: Spots, topic: str) -> Bounds:
    return {partition: end for (name, partition), end in reached.items() if name == topic}


def _unreadable(broker: Broker, reached: Spots) -> Spots:
    """How many records below `reached` have a letter of the sink's instead of a row."""
    found: Spots = {}
    seen: set[str] = set()
    for record in read(broker, topics.DEAD_LETTERS, 0):
        try:
            letter = decode(topics.DEAD_LETTERS, record.value or b"")
            position = Position.parse(letter.source)
        except (DecodeError, UnicodeDecodeError, ValueError):
            continue
        spot = (position.topic, position.partition)
        if letter.processor != PROCESSOR or letter.source in seen:
            continue
        seen.add(letter.source)
        if position.offset < reached.get(spot, 0):
            found[spot] = found.get(spot, 0) + 1
    return found
