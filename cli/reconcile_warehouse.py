"""`pledger reconcile warehouse`: reading both sides, a stretch of a partition at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from audit.reconcile.books import (
    Books,
    SumDifference,
    balances_of,
    compare_balances,
    compare_trial,
)
from audit.reconcile.rows import TABLES, Row
from audit.reconcile.warehouse import (
    Progress,
    RowDifference,
    TableReport,
    compare_partition,
    kept_out,
    report_of,
)
from events import topics
from projections.posted import accepted

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from audit.log import Log

STRETCH = 20_000
"""Offsets asked for at once: rows are held in memory for as long."""
LOOK_AGAIN_S = 0.2
PLAIN_JSON = {
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_named_tuples_as_objects": 1,
    "output_format_json_escape_forward_slashes": 0,
}
FRESHNESS = "SELECT topic, partition, next_offset FROM freshness"
LEGS = """
SELECT partner, program, unit,
    toString(sumIf(amount, account = 'payable')) AS payable,
    toString(sumIf(amount, account = 'in_transit')) AS in_transit,
    toString(sumIf(amount, account = 'paid')) AS paid
FROM journal_legs WHERE {bound} GROUP BY partner, program, unit
"""
TRIAL = """
SELECT unit, account, toString(sum(amount)) AS amount
FROM journal_legs WHERE {bound} GROUP BY unit, account
"""
VIEWS = {
    "partner_balances": "SELECT partner, program, unit, payable, in_transit, paid, "
    "pending + available AS owed FROM partner_balances",
    "trial_balance": "SELECT * EXCEPT (balance, legs) FROM trial_balance",
}


class WarehouseReport(Struct):
    """What was compared, and what differs."""

    tables: dict[str, TableReport] = {}
    sums: list[SumDifference] = []
    balances: int = 0
    """Sums of partners that were compared."""
    behind: dict[str, int] = {}
    """`topic/partition` → records the warehouse had not read when waiting for it ended."""
    views_compared: bool = False
    """False where entries kept coming: then the sums were compared up to a position only."""
    seconds: float = 0.0

    @property
    def is_equal(self) -> bool:
        """Whether every row and every sum is what the log gives."""
        return not self.sums and all(one.is_equal for one in self.tables.values())

    @property
    def differences(self) -> list[RowDifference]:
        """Of all rows, table by table."""
        return [found for one in self.tables.values() for found in one.differences]


def compare_warehouse(
    log: Log, client: Client, chosen: list[str], patience: float, progress: Progress
) -> WarehouseReport:
    """Every row of the chosen topics' tables against its record, then the sums."""
    began = time.monotonic()
    report = WarehouseReport({}, [], 0, {}, False, 0.0)
    ends = {topic: log.ends(topic) for topic in chosen}
    report.behind = _wait(client, ends, patience)
    outside = kept_out(log.read(topics.DEAD_LETTERS, 0))
    for topic in chosen:
        found = report.tables[topic] = report_of(topic)
        for partition, end in sorted(ends[topic].items()):
            rows = _rows(client, found.table, partition, end)
            records = log.read(topic, partition, 0, end)
            compare_partition(found, partition, records, rows, outside, progress)
        _strangers(log, client, found, ends[topic])
    if topics.JOURNAL in chosen:
        _sums(report, log, client, ends[topics.JOURNAL])
    report.seconds = time.monotonic() - began
    return report


def _wait(client: Client, ends: Mapping[str, Mapping[int, int]], patience: float) -> dict[str, int]:
    """Wait until the warehouse has read what the log holds; what it has not, in the end."""
    deadline = time.monotonic() + patience
    while True:
        read = _freshness(client)
        behind = {
            f"{topic}/{partition}": end - read.get((topic, partition), 0)
            for topic, partitions in ends.items()
            for partition, end in partitions.items()
            if read.get((topic, partition), 0) < end
        }
        if not behind or time.monotonic() >= deadline:
            return behind
        time.sleep(LOOK_AGAIN_S)


def _freshness(client: Client) -> dict[tuple[str, int], int]:
    found = client.query(FRESHNESS).result_rows
    return {(str(topic), int(partition)): int(end) for topic, partition, end in found}


def _rows(client: Client, table: str, partition: int, end: int) -> Iterator[Row]:
    """All rows of a partition below offset `end`, by offset."""
    for start in range(0, end, STRETCH):
        stop = min(start + STRETCH, end)
        yield from _asked(
            client,
            f"SELECT * FROM {table} WHERE `partition` = {partition} AND `offset` >= {start} "
            f"AND `offset` < {stop} ORDER BY `offset`",
        )


def _asked(client: Client, query: str) -> Iterator[dict[str, Any]]:
    lines = client.raw_query(query, settings=PLAIN_JSON, fmt="JSONEachRow")
    return (msgspec.json.decode(line) for line in lines.splitlines() if line)


def _strangers(log: Log, client: Client, report: TableReport, ends: Mapping[int, int]) -> None:
    """Rows where the log has no record at all: of no partition of it, or beyond its end. The
    log is asked for its end once more, after the rows: what came meanwhile is no stranger."""
    bound = " AND ".join(f"NOT {_below(one, end)}" for one, end in sorted(ends.items())) or "1"
    found = list(_asked(client, f"SELECT * FROM {report.table} WHERE {bound} ORDER BY `offset`"))
    now = log.ends(report.topic)
    for row in found:
        if not 0 <= int(row["offset"]) < now.get(int(row["partition"]), 0):
            report.rows += 1
            position = f"{report.topic}/{row['partition']}/{row['offset']}"
            note = f"the log ends at {now.get(int(row['partition']), 0)}"
            report.add(RowDifference("surplus", report.table, position, note=note))


def _below(partition: int, end: int) -> str:
    return f"(`partition` = {partition} AND `offset` >= 0 AND `offset` < {end})"


def _sums(report: WarehouseReport, log: Log, client: Client, ends: Mapping[int, int]) -> None:
    """The sums up to the same positions on both sides; then, where nothing has come since, those
    of the views that people ask."""
    books = Books()
    for partition, end in sorted(ends.items()):
        books.add(accepted(log.read(topics.JOURNAL, partition, 0, end)))
    report.balances = len(books.balances)
    bound = " OR ".join(_below(one, end) for one, end in sorted(ends.items())) or "0"
    legs = balances_of(_asked(client, LEGS.format(bound=bound)))
    report.sums += compare_balances("journal_legs", books.balances, legs)
    trial = {
        (str(row["unit"]), str(row["account"])): int(row["amount"])
        for row in _asked(client, TRIAL.format(bound=bound))
    }
    report.sums += compare_trial("journal_legs", books.trial, trial)
    found = {view: list(_asked(client, query)) for view, query in VIEWS.items()}
    if log.ends(topics.JOURNAL) != ends or any(
        name.startswith(f"{topics.JOURNAL}/") for name in report.behind
    ):
        return
    report.views_compared = True
    shown = balances_of(found["partner_balances"])
    report.sums += compare_balances("partner_balances", books.balances, shown)
    report.sums += [
        SumDifference(
            "partner_balances",
            f"{row['partner']}/{row['program']}",
            str(row["unit"]),
            "pending + available",
            books.balances[row["partner"], row["program"], row["unit"], "payable"],
            int(row["owed"]),
        )
        for row in found["partner_balances"]
        if int(row["owed"])
        != books.balances[row["partner"], row["program"], row["unit"], "payable"]
    ]
    accounts = {
        (str(row["unit"]), account): int(amount)
        for row in found["trial_balance"]
        for account, amount in row.items()
        if account != "unit"
    }
    report.sums += compare_trial("trial_balance", books.trial, accounts)


def chosen_topics(tables: list[str]) -> list[str]:
    """The topics of the tables asked for, all where none is; raises KeyError for an unknown one."""
    names = {table: topic for topic, table in TABLES.items()} | {topic: topic for topic in TABLES}
    return [names[table] for table in tables] or list(TABLES)
