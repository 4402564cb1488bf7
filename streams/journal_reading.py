"""The journal as it is asked for: every entry, or what a program owes.

Nothing here is kept: each question reads the accepted entries from their first on, a few
hundred thousand a second, and holds what was in the log when it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from events.log import read, read_batches, watermarks
from events.position import Record
from events.settings import Broker
from events.topics import JOURNAL
from projections.invoice import Billing, Invoice
from projections.posted import Cut, Posted, accepted


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


def bill_until(broker: Broker, program: str, starts: Mapping[str, int], closes: int) -> Invoice:
    """The program's invoice from `starts` (partition → offset; empty: the beginning) up to the
    first entry of each partition that is not before `closes` (ms)."""
    billing = Billing(program)
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    for partition, (_, log_end) in sorted(watermarks(broker, JOURNAL).items()):
        name, cut = str(partition), Cut(closes)
        start = begun[name] = starts.get(name, 0)
        for posted in accepted(read(broker, JOURNAL, partition, 0, log_end)):
            cut.see(posted)
            if posted.offset >= cut.offset(log_end):
                break
            if posted.offset >= start:
                billing.take(posted)
        ended[name] = max(start, cut.offset(log_end))
    return billing.invoice(begun, ended)


def bill_between(
    broker: Broker, program: str, starts: Mapping[str, int], ends: Mapping[str, int]
) -> Invoice:
    """The program's invoice over the stretch between two cuts."""
    billing = Billing(program)
    for posted in entries(broker, {int(name): end for name, end in ends.items()}):
        if posted.offset >= starts[str(posted.partition)]:
            billing.take(posted)
    return billing.invoice(dict(starts), dict(ends))


def _read(
    broker: Broker, partition: int, end: int, advance: Callable[[int], object]
) -> Iterator[Record]:
    for batch in read_batches(broker, JOURNAL, partition, 0, end):
        yield from batch
        advance(len(batch))
