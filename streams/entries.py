"""The journal's accepted entries, up to exact positions: for folds that are asked for.

A journal may hold repeats (a worker that died wrote some entries twice); by the rule every
reader applies, the first of each number stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from events.codec import UnreadableRecord, decode_record
from events.first_wins import Dense, Verdict
from events.journal import Entry
from events.log import read_batches, watermarks
from events.topics import JOURNAL

if TYPE_CHECKING:
    from events.position import Record
    from events.settings import Broker


def journal_ends(broker: Broker) -> dict[int, int]:
    """Partition → offset after its last record, as the broker says now."""
    return {partition: end for partition, (_, end) in watermarks(broker, JOURNAL).items()}


def entries(
    broker: Broker, ends: dict[int, int], advance: Callable[[int], object] = lambda _: None
) -> Iterator[tuple[Record, Entry]]:
    """The accepted entries before `ends`, partition after partition.

    `advance` is told how many more records were read. Raises LogError.
    """
    for partition, end in sorted(ends.items()):
        seen = Dense()
        for batch in read_batches(broker, JOURNAL, partition, 0, end):
            for record in batch:
                entry = _entry(record)
                if entry and seen.judge(entry.source, entry.n) is Verdict.ACCEPTED:
                    yield record, entry
            advance(len(batch))


def _entry(record: Record) -> Entry | None:
    try:
        found = decode_record(record)
    except UnreadableRecord:
        return None  # it takes no number, and the processors wrote a dead letter about it
    return found if isinstance(found, Entry) else None
