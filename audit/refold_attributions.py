"""Attribution decided again: each conversion's record must be the one in the log."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from audit.decided import Decided
from audit.written import Written
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode_record, encode
from events.conversions import Conversion
from events.position import Record
from projections import attribution

STAMPED_AHEAD = re.compile(r"known (\d+) is ahead of the (\d+) decisions")
"""What attribution writes of a conversion whose `known` no decision log had reached yet."""


def refold_attributions(
    conversions: Iterator[Record],
    written: Written,
    decided: Decided,
    *,
    only: frozenset[bytes] | None = None,
) -> Iterator[tuple[Record, Attribution]]:
    """Every accepted attribution of one partition, proved: (its record, what it says).

    Raises AuditFailed at the first that differs. With `only`, just the conversions of
    these customers (record keys) are decided again; `written` must then hold only theirs.
    """
    customers: dict[str, attribution.Customer] = {}
    for record in conversions:
        if only is not None and record.key not in only:
            continue
        source = str(record.position)
        try:
            conversion: Conversion = decode_record(record)
        except UnreadableRecord as problem:
            unread = attribution.unreadable(
                n=record.offset, source=source, recorded_at=record.recorded_at, why=problem.why
            )
            yield written.next(encode(unread), record.offset, source), unread
            continue
        key = f"{conversion.program}/{conversion.customer}"
        customer = customers.get(key)
        stamped_ahead = _StampedAhead(record, conversion, decided)
        if conversion.known > decided.directory.count:
            found = written.next(b"", record.offset, source, otherwise=stamped_ahead)
            yield found, decode_record(found)
            continue
        expected = attribution.decide(
            customer,
            conversion,
            n=record.offset,
            source=source,
            recorded_at=record.recorded_at,
            directory=decided.directory,
        )
        value = encode(expected)
        found = written.next(value, record.offset, source, otherwise=stamped_ahead)
        if found.value != value:
            yield found, decode_record(found)
            continue
        customers[key] = attribution.evolve(customer, expected)
        yield found, expected


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
        match = STAMPED_AHEAD.search(said.reason)
        if said.outcome != "unreadable" or match is None:
            return False
        before = bisect_left(
            self._decided.decisions, self._record.recorded_at, key=lambda d: d.recorded_at
        )
        seen = int(match[2])
        return int(match[1]) == self._known and before <= seen < self._known
