"""Where the sink goes on: after what the tables hold, and nowhere else.

Consumer groups know what was read; only a table knows what it holds. So a reader of each
partition is made from its table's own columns, at the start, after a rebalance and after
any failure: a failed insert may have happened all the same, and the table says so.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from events import topics
from streams.schema import SchemaError
from streams.sink_rows import (
    TABLES,
    DecisionReader,
    DerivedReader,
    FactReader,
    Reader,
)

DERIVED = (topics.ATTRIBUTIONS, topics.JOURNAL)

CLUSTER = -1
"""Number of the row of `schema_migrations` that names the log's cluster."""


def readers(client: Client, partitions: list[tuple[str, int]]) -> dict[tuple[str, int], Reader]:
    """A reader for each (topic, partition), at the record after the table's newest."""
    wanted = {topic for topic, _ in partitions}
    starts = {topic: _starts(client, TABLES[topic]) for topic in wanted}
    numbered = {topic: _numbered(client, TABLES[topic]) for topic in wanted & set(DERIVED)}
    found: dict[tuple[str, int], Reader] = {}
    for topic, partition in partitions:
        start = starts[topic].get(partition, 0)
        if topic == topics.DECISIONS:
            found[topic, partition] = DecisionReader(partition, _newest_decision(client))
        elif topic in DERIVED:
            last = numbered[topic].get(partition, {})
            found[topic, partition] = DerivedReader(topic, partition, start, last)
        else:
            found[topic, partition] = FactReader(topic, partition, start)
    return found


def check_cluster(client: Client, cluster: str) -> None:
    """Note which Kafka cluster the database was filled from, or compare with what is noted.

    Raises SchemaError when it was another one: its offsets mean nothing here.
    """
    rows = client.query(
        "SELECT name FROM schema_migrations WHERE number = {number:Int32} ORDER BY applied LIMIT 1",
        parameters={"number": CLUSTER},
    ).result_rows
    if not rows:
        client.command(
            "INSERT INTO schema_migrations (number, name, digest) "
            "SELECT {number:Int32}, {name:String}, ''",
            parameters={"number": CLUSTER, "name": cluster},
        )
    elif rows[0][0] != cluster:
        raise SchemaError(
            f"database {client.database} was filled from Kafka cluster {rows[0][0]}, and the "
            f"broker given is of cluster {cluster}; name that ledger's broker in PLEDGER_BROKER, "
            "another database in PLEDGER_WAREHOUSE, or drop the database to have it filled anew"
        )


def _starts(client: Client, table: str) -> dict[int, int]:
    rows = client.query(
        f"SELECT `partition`, max(`offset`) + 1 FROM {table} GROUP BY `partition`"
    ).result_rows
    return {int(partition): int(start) for partition, start in rows}


def _numbered(client: Client, table: str) -> dict[int, dict[str, int]]:
    rows = client.query(
        "SELECT `partition`, substring(source, 1, length(source) - position(reverse(source), '/')) "
        f"AS stream, max(n) FROM {table} GROUP BY `partition`, stream"
    ).result_rows
    found: dict[int, dict[str, int]] = {}
    for partition, stream, newest in rows:
        found.setdefault(int(partition), {})[str(stream)] = int(newest)
    return found


def _newest_decision(client: Client) -> int:
    return int(client.query("SELECT max(number) FROM decisions").result_rows[0][0])
