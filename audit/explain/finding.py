"""What a person names, found in the log: a position, a partner, a payout, a deal or an event."""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.decided import Decided
from audit.log import Log
from audit.read import Progress, counted
from events import topics
from events.codec import UnreadableRecord, decode_record
from events.conversions import Assignment, Conversion, Deal, Refund, conversion_key
from events.position import Record

POSITION = re.compile(r"(conversions|attributions|instructions|journal)/(\d+)/(\d+)")


class UnknownSubject(LookupError):
    """Nothing in the log goes by that name."""


def record_at(log: Log, position: str) -> Record:
    """The record at `topic/partition/offset`; raises UnknownSubject."""
    topic, partition, offset = position.rsplit("/", 2)
    if int(partition) < log.partitions(topic):
        for record in log.read(topic, int(partition), int(offset), int(offset) + 1):
            if record.offset == int(offset):
                return record
    raise UnknownSubject(f"{position}: the log has no such record")


def conversions_named(
    log: Log, name: str, progress: Progress
) -> Iterator[tuple[Record, Conversion]]:
    """Every conversion whose event id or deal is `name`, first come first.

    `name` may be narrowed: `program/customer/name` is looked up in the customer's partition.
    """
    partitions = range(log.partitions(topics.CONVERSIONS))
    program, _, rest = name.partition("/")
    customer, slash, wanted = rest.rpartition("/")
    key = conversion_key(program, customer).encode() if slash else None
    wanted = wanted if slash else name
    needle = wanted.encode()
    for partition in partitions:
        for record in counted(log.read(topics.CONVERSIONS, partition), progress):
            if (key is not None and record.key != key) or needle not in (record.value or b""):
                continue
            try:
                found: Conversion = decode_record(record)
            except UnreadableRecord:
                continue
            if wanted in (found.event_id, deal_of(found)):
                yield record, found


def deal_of(conversion: Conversion) -> str:
    """The deal a conversion is about; empty for a signup."""
    if isinstance(conversion, Assignment):
        return conversion.deal.deal
    return conversion.deal if isinstance(conversion, Deal | Refund) else ""


def is_partner(decided: Decided, name: str) -> bool:
    return decided.directory.partner(name) is not None
