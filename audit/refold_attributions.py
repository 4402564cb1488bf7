"""Attribution decided again: each conversion's record must be the one in the log."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Protocol

from audit.decided import Decided
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode_record, encode
from events.conversions import Conversion, conversion_key, misplaced
from events.position import Record
from projections import attribution

STAMPED_AHEAD = re.compile(r"known (\d+) is ahead of the (\d+) decisions")
"""What attribution writes of a conversion whose `known` no decision log had reached yet."""

NO_KEY = b"unreadable"
"""Key of the record of a conversion that has none itself."""


class Attributed(Protocol):
    """The attributions in the log (see `Written`)."""

    def next(
        self,
        expected: bytes,
        n: int,
        source: str,
        key: bytes,
        otherwise: Callable[[Record], bool] = ...,
    ) -> Record:
        """The accepted one numbered `n`; raises AuditFailed unless it is `expected`."""


def refold_attributions(
    conversions: Iterator[Record],
    written: Attributed,
    decided: Decided,
    partitions: int,
) -> Iterator[tuple[Record, Attribution]]:
    """Every accepted attribution of one of `partitions` partitions, proved: (its record,
    what it says).

    Raises AuditFailed at the first that differs. It may be the conversions of some customers
    only, with all of theirs; `written` must then hold just theirs.
    A conversion under another key than its customer's is unreadable by the ledger's own
    rule, so that a wrong key hides nothing that could earn.
    """
    customers: dict[bytes, attribution.Customer] = {}
    directory = decided.directory
    for record in conversions:
        key = record.key
        offset = record.offset
        source = f"{record.topic}/{record.partition}/{offset}"
        conversion, why = _read(record, partitions, customers)
        if conversion is None:
            unread = _unreadable(record, why)
            yield written.next(encode(unread), offset, source, key or NO_KEY), unread
            continue
        assert key is not None  # or it would be misplaced
        stamped_ahead = _StampedAhead(record, conversion, decided)
        if conversion.known > directory.count:
            found = written.next(b"", offset, source, key, otherwise=stamped_ahead)
            yield found, decode_record(found)
            continue
        customer = customers.get(key)
        expected = attribution.decide(
            customer,
            conversion,
            n=offset,
            source=source,
            recorded_at=record.recorded_at,
            directory=directory,
        )
        value = encode(expected)
        found = written.next(value, offset, source, key, otherwise=stamped_ahead)
        if found.value != value:
            yield found, decode_record(found)
            continue
        customers[key] = attribution.evolve(customer, expected)
        yield found, expected


def _read(
    record: Record, partitions: int, customers: dict[bytes, attribution.Customer]
) -> tuple[Conversion | None, str]:
    """The conversion; or None, and why it cannot be read or does not count where it stands."""
    try:
        conversion: Conversion = decode_record(record)
    except UnreadableRecord as problem:
        return None, problem.why
    wanted = conversion_key(conversion.program, conversion.customer).encode()
    if record.key == wanted and wanted in customers:
        return conversion, ""
    why = misplaced(conversion, record.key, record.partition, partitions)
    return (conversion, "") if why is None else (None, why)


def _unreadable(record: Record, why: str) -> Attribution:
    return attribution.unreadable(
        n=record.offset, source=str(record.position), recorded_at=record.recorded_at, why=why
    )


class _StampedAhead:
    """A conversion stamped with a `known` beyond the decisions of its time earns nothing.

    How many decisions the worker saw then is in its record; it must lie between those
    recorded before the conversion and the stamp.
    """

    def __init__(self, record: Record, conversion: Conversion, decided: Decided) -> None:
        self._record = record
        self._known = conversion.known
        self._decided = decided

    def __call__(self, found: Record) -> bool:
        said: Attribution = decode_record(found)
        match = STAMPED_AHEAD.fullmatch(said.reason)
        if match is None or found.value != encode(_unreadable(self._record, said.reason)):
            return False
        decisions = self._decided.decisions
        place = bisect_left(decisions, self._record.recorded_at, key=lambda d: d.recorded_at)
        before = decisions[place - 1].number if place else 0
        seen = int(match[2])
        return int(match[1]) == self._known and before <= seen < self._known
