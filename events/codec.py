"""Records to JSON and back, and old versions to the current one.

Every record says what it is in `type`, for example `deal.v1`. The current types of a
topic are decoded straight into their structs. An older type is first raised, version by
version, by the functions of `UPCASTS`; released ones stay there for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from events import topics
from events.attributions import Attribution
from events.clicks import Click
from events.conversions import Assignment, Deal, Refund, Signup
from events.dead_letters import DeadLetter
from events.decisions import DecisionRecord
from events.instructions import (
    AdjustmentDue,
    CommissionDue,
    PayoutDue,
    RefundDue,
    ReviewDue,
)
from events.journal import Entry
from events.position import Record

FAMILIES: dict[str, tuple[type[msgspec.Struct], ...]] = {
    topics.CLICKS: (Click,),
    topics.CONVERSIONS: (Signup, Deal, Refund, Assignment),
    topics.DECISIONS: (DecisionRecord,),
    topics.ATTRIBUTIONS: (Attribution,),
    topics.INSTRUCTIONS: (CommissionDue, RefundDue, PayoutDue, ReviewDue, AdjustmentDue),
    topics.JOURNAL: (Entry,),
    topics.DEAD_LETTERS: (DeadLetter,),
}
"""The current record types of every topic."""

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[str, Upcast] = {}
"""Old `type` → a function from its JSON object to that of the next version."""


class UnreadableRecord(ValueError):
    """A record that is not what its topic holds. Says which record and why."""

    def __init__(self, record: Record, why: str) -> None:
        super().__init__(f"{record.position}: {why}")
        self.record = record
        self.why = why


encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
"""Struct → JSON bytes. Same record, same bytes: fields stand in the order of the struct."""


def _union(shapes: tuple[type[msgspec.Struct], ...]) -> Any:
    union: Any = shapes[0]
    for shape in shapes[1:]:
        union = union | shape
    return union


_DECODERS = {topic: msgspec.json.Decoder(_union(shapes)) for topic, shapes in FAMILIES.items()}


def decode(topic: str, value: bytes) -> Any:
    """The struct in `value`, raised to the current version.

    Raises msgspec.DecodeError (of which ValidationError is one) when it is none of the
    topic's types.
    """
    try:
        return _DECODERS[topic].decode(value)
    except msgspec.ValidationError:
        raised = _upcast(value)
        if raised is None:
            raise
        return msgspec.convert(raised, _union(FAMILIES[topic]))


def decode_record(record: Record, family: str = "") -> Any:
    """As `decode`, with the record's coordinates in the error (`UnreadableRecord`).

    `family`: whose types they are, when the record's topic has another name.
    """
    if record.value is None:
        raise UnreadableRecord(record, "the record is empty; expected a JSON object")
    try:
        return decode(family or record.topic, record.value)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise UnreadableRecord(record, str(problem)) from problem


def _upcast(value: bytes) -> dict[str, Any] | None:
    found: Any = msgspec.json.decode(value)
    version = found.get("type") if isinstance(found, dict) else None
    if not isinstance(version, str) or version not in UPCASTS:
        return None
    while found.get("type") in UPCASTS:
        found = UPCASTS[found["type"]](found)
    return dict(found)
