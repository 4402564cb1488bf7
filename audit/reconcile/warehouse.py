"""The warehouse held against the log: every row against the record it was made from.

Both sides are read in the order of their positions and walked along together. A row that is
not there is *missing*; one whose record is not there, or does not count, is *surplus*; one
that says something else than its record is *altered*, and the columns are named. All rows are
looked at, also those a later insert covers: equal ones are repeats, others are surplus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Literal

from msgspec import Struct, field

from audit.reconcile.rows import (
    TABLES,
    ColumnDifference,
    Expected,
    Row,
    differing,
    expected_decision,
    expected_fact,
    too_large,
)
from events import topics
from events.codec import UnreadableRecord, decode_record
from events.first_wins import DecisionLog, Dense, Verdict
from events.position import Position, Record

Kind = Literal["missing", "surplus", "altered"]
MOST_LISTED = 100_000
"""Differences of a table that are listed; all are counted."""
DERIVED = (topics.ATTRIBUTIONS, topics.JOURNAL)
SINK = "warehouse"
"""Name of the sink in its dead letters: what the warehouse cannot hold is told there."""


class RowDifference(Struct, frozen=True):
    """One row that is not as it must be."""

    kind: Kind
    table: str
    position: str
    """Of the record, `topic/partition/offset`; of a surplus row, what it says of itself."""
    columns: tuple[ColumnDifference, ...] = ()
    note: str = ""


class TableReport(Struct):
    """What was compared of one table."""

    topic: str
    table: str
    records: int = 0
    """Read from the log."""
    rows: int = 0
    """Read from the table, repeats included."""
    agreed: int = 0
    repeats: int = 0
    """Equal rows that stand twice, as two sinks may write them."""
    kept_out: int = 0
    """Records the warehouse cannot hold; each has a dead letter, or is too large a number."""
    missing: int = 0
    surplus: int = 0
    altered: int = 0
    differences: list[RowDifference] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether the table says what the log says."""
        return not (self.missing or self.surplus or self.altered)

    def add(self, difference: RowDifference) -> None:
        """Count a difference, and list it while there is room."""
        setattr(self, difference.kind, getattr(self, difference.kind) + 1)
        if len(self.differences) < MOST_LISTED:
            self.differences.append(difference)


Progress = Callable[[int], None]


def kept_out(letters: Iterable[Record]) -> frozenset[str]:
    """Positions of records of which the sink says that the warehouse cannot hold them."""
    found = set()
    for record in letters:
        try:
            letter = decode_record(record, topics.DEAD_LETTERS)
        except UnreadableRecord:
            continue
        if letter.processor == SINK:
            found.add(letter.source)
    return frozenset(found)


def compare_partition(
    report: TableReport,
    partition: int,
    records: Iterable[Record],
    rows: Iterable[Row],
    outside: frozenset[str] = frozenset(),
    progress: Progress = lambda _: None,
) -> None:
    """Compare one partition, from its first record on; what is found goes into `report`.

    `rows`: all of the table's for this partition, by rising offset. `outside`: see `kept_out`.
    """
    wanted = _counted(expected_rows(report.topic, records, report), progress)
    there = (
        (offset, list(group)) for offset, group in groupby(rows, key=lambda row: int(row["offset"]))
    )
    for offset, expected, found in _side_by_side(wanted, there):
        report.rows += len(found)
        _compare(report, Position(report.topic, partition, offset), expected, found, outside)


def expected_rows(
    topic: str, records: Iterable[Record], report: TableReport
) -> Iterator[tuple[int, list[Expected]]]:
    """Offset → the rows that a record must have, by the rule every reader of the topic applies."""
    dense, decisions = Dense(), DecisionLog()
    for record in records:
        report.records += 1
        try:
            if topic == topics.DECISIONS:
                accepted = decisions.accept(record)
                yield record.offset, [expected_decision(record, one) for one in accepted]
                continue
            if topic in DERIVED:
                found = decode_record(record, topic)
                if dense.judge(found.source, found.n) is not Verdict.ACCEPTED:
                    yield record.offset, []
                    continue
            yield record.offset, [expected_fact(topic, record)]
        except UnreadableRecord:
            yield record.offset, []


def _counted(
    found: Iterator[tuple[int, list[Expected]]], progress: Progress
) -> Iterator[tuple[int, list[Expected]]]:
    for one in found:
        progress(1)
        yield one


def _side_by_side(
    wanted: Iterator[tuple[int, list[Expected]]], there: Iterator[tuple[int, list[Row]]]
) -> Iterator[tuple[int, list[Expected], list[Row]]]:
    """Both sides by offset; an offset of one side alone has nothing on the other."""
    one, other = next(wanted, None), next(there, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[0], one[1], []
            one = next(wanted, None)
        elif one is None or other[0] < one[0]:
            yield other[0], [], other[1]
            other = next(there, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(wanted, None), next(there, None)


def _compare(
    report: TableReport,
    position: Position,
    expected: list[Expected],
    rows: list[Row],
    outside: frozenset[str],
) -> None:
    """What one record must have, and what it has. A row that differs is taken for an alteration
    of the expected one it is nearest to; where that one stands there as it should, for surplus."""
    if len(expected) == len(rows) == 1 and not differing(expected[0], rows[0]):
        report.agreed += 1
        return
    met: list[Expected] = []
    left = list(rows)
    for one in expected:
        equal = [row for row in left if not differing(one, row)]
        if equal:
            met.append(one)
            report.agreed += 1
            report.repeats += len(equal) - 1
            left = [row for row in left if not any(row is found for found in equal)]
    unmet = [one for one in expected if not any(one is found for found in met)]
    for row in left:
        nearest = min([*unmet, *met], key=lambda one: len(differing(one, row)), default=None)
        if nearest is not None and any(nearest is one for one in unmet):
            unmet = [one for one in unmet if one is not nearest]
            met.append(nearest)
            columns = tuple(differing(nearest, row))
            report.add(RowDifference("altered", report.table, str(position), columns))
        else:
            report.add(RowDifference("surplus", report.table, str(position), note=_told(row)))
    for one in unmet:
        if str(position) in outside or too_large(one):
            report.kept_out += 1
        else:
            report.add(RowDifference("missing", report.table, str(position)))


def _told(row: Row) -> str:
    """The few columns by which a person knows a row."""
    names = ("kind", "type", "name", "partner", "program", "deal", "event_id", "payout", "n")
    return " ".join(f"{name}={row[name]}" for name in names if row.get(name) not in (None, ""))


def report_of(topic: str) -> TableReport:
    """An empty report of a topic's table."""
    return TableReport(topic, TABLES[topic])


def total(reports: Mapping[str, TableReport]) -> int:
    """Differences of all tables together."""
    return sum(one.missing + one.surplus + one.altered for one in reports.values())
