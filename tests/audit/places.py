"""Where a difference must be named, told by the record that was meant before it was touched.

A place gives the positions that the honest ledger and the tampered one make of it, worked out
here from what the records say: nothing is asked of the audit.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import msgspec

from events import topics
from events.position import Position
from tests.audit.memory import MemoryLedger
from tests.audit.scene import found

Find = tuple[str, str]
"""A topic, and what the first record meant holds."""

NEXT = {
    topics.CLICKS: topics.ATTRIBUTIONS,
    topics.CONVERSIONS: topics.ATTRIBUTIONS,
    topics.ATTRIBUTIONS: topics.INSTRUCTIONS,
    topics.DECISIONS: topics.INSTRUCTIONS,
    topics.INSTRUCTIONS: topics.JOURNAL,
}
"""Topic → where what is made of its records stands."""


class Place(NamedTuple):
    words: str
    """For a reader of the table."""
    of: Callable[[MemoryLedger, MemoryLedger], list[str]]
    """(the ledger as it was, the ledger tampered with) → `topic/partition/offset`, each."""


def at(find: Find) -> Place:
    return Place("the record itself", lambda ledger, _: [str(found(ledger.log, *find))])


def after(find: Find, words: str = "the record after it") -> Place:
    """The record that follows it in its partition, or would."""
    return Place(words, lambda ledger, _: [_moved(found(ledger.log, *find), 1)])


def beyond(find: Find) -> Place:
    """Where the next record of its partition would stand."""

    def of(ledger: MemoryLedger, _: MemoryLedger) -> list[str]:
        position = found(ledger.log, *find)
        end = ledger.log.ends(position.topic)[position.partition]
        return [f"{position.topic}/{position.partition}/{end}"]

    return Place("where it was added", of)


def source(find: Find) -> Place:
    """What it is made from."""

    def of(ledger: MemoryLedger, _: MemoryLedger) -> list[str]:
        said = msgspec.json.decode(ledger.log.read_one(found(ledger.log, *find)).value or b"")
        return [str(said["source"])]

    return Place("the input that lacks it", of)


def source_after(find: Find) -> Place:
    """The input after its own: of two that were swapped, the one that comes too late."""
    inner = source(find).of
    return Place(
        "the input that lacks it",
        lambda ledger, now: [_moved(Position.parse(inner(ledger, now)[0]), 1)],
    )


def made_of(find: Find) -> Place:
    """What was made of it, one topic on: the first record that cites it."""

    def of(ledger: MemoryLedger, _: MemoryLedger) -> list[str]:
        record = ledger.log.read_one(found(ledger.log, *find))
        return [str(_citing(ledger, record.position, record.value or b""))]

    return Place("what was made of it", of)


def booked_of(find: Find) -> Place:
    """The entry of the instruction that was made of it."""

    def of(ledger: MemoryLedger, now: MemoryLedger) -> list[str]:
        [due] = made_of(find).of(ledger, now)
        return [str(_citing(ledger, Position.parse(due), b""))]

    return Place("the entry that was made of it", of)


def no_longer_follow(topic: str) -> Place:
    """In each partition, the first record that honest workers would write otherwise on the
    tampered ledger: they do so here."""

    def of(_: MemoryLedger, now: MemoryLedger) -> list[str]:
        again = deepcopy(now)
        if topic == topics.ATTRIBUTIONS:
            again.process()
        else:
            again.post()
        return [
            str(record.position)
            for partition in range(now.log.partitions(topic))
            for record in _first_other(now, again, topic, partition)
        ]

    return Place("the first of each partition that does not follow any more", of)


def _first_other(
    now: MemoryLedger, again: MemoryLedger, topic: str, partition: int
) -> list[Position]:
    pairs = zip(now.log.records[topic, partition], again.log.records[topic, partition], strict=True)
    return [one for one, other in pairs if one.value != other.value][:1]  # type: ignore[misc]


def _citing(ledger: MemoryLedger, position: Position, value: bytes) -> Position:
    """The first record of the next topic that is made of the one at `position`."""
    wanted = str(position)
    token = msgspec.json.decode(value)["click_id"] if position.topic == topics.CLICKS else ""
    for (topic, _), records in ledger.log.records.items():
        for record in records if topic == NEXT[position.topic] else ():
            said = msgspec.json.decode(record.value or b"")
            touch = said.get("touch") or {}
            if said["source"] == wanted or (token and touch.get("click_id") == token):
                return record.position
    raise AssertionError(f"nothing is made of {wanted}")


def _moved(position: Position, by: int) -> str:
    return str(position._replace(offset=position.offset + by))
