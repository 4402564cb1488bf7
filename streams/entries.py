"""The journal's accepted entries, up to exact positions: for folds that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from events.log import read_batches, watermarks
from events.position import Record
from events.settings import Broker
from events.topics import JOURNAL
from projections.posted import Posted, accepted


def journal_ends(broker: Broker) -> dict[int, int]:
    """Partition → offset after its last record, as the broker says now."""
    return {partition: end for partition, (_, end) in watermarks(broker, JOURNAL).items()}


def entries(
    broker: Broker, ends: dict[int, int], advance: Callable[[int], object] = lambda _: None
) -> Iterator[Posted]:
    """The accepted entries before `ends`, partition after partition.

    `advance` is told how many more records were read. Raises LogError.
    """
    for partition, end in sorted(ends.items()):
        yield from accepted(_read(broker, partition, end, advance))


def _read(
    broker: Broker, partition: int, end: int, advance: Callable[[int], object]
) -> Iterator[Record]:
    for batch in read_batches(broker, JOURNAL, partition, 0, end):
        yield from batch
        advance(len(batch))
