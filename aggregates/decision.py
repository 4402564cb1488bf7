"""What the aggregates share: text ids, stable event names, and states a person can read.

An event's name in the log (`program.created`) is its TOPIC, a word of the library's; it
does not change when a class moves. Its state is a JSON object with exactly the fields of
its fact in `events.decisions`, plus the library's `timestamp` and, on a first event,
`originator_topic`. The timestamp is the writer's clock, for information only: no fold
reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from eventsourcing.domain import (
    BaseAggregate,
    CanInitAggregate,
    CanMutateAggregate,
    MetaDomainEvent,
)
from eventsourcing.persistence import Transcoder


@dataclass(frozen=True)
class DecisionEvent(CanMutateAggregate[str], metaclass=MetaDomainEvent):
    """An event of an aggregate whose id is text."""

    originator_id: str
    originator_version: int
    timestamp: datetime


@dataclass(frozen=True)
class FirstEvent(CanInitAggregate[str], DecisionEvent):
    """The event that creates an aggregate; `originator_topic` names its class."""

    originator_topic: str


class DecisionAggregate(BaseAggregate[str]):
    """Base of the ledger's aggregates. Ids are natural: creating twice meets in one version."""

    class Event(DecisionEvent):
        pass

    class Created(Event, FirstEvent):
        pass


class PlainJSON(Transcoder):
    """States as plain JSON objects: times as ISO 8601 text, no type tags."""

    def encode(self, obj: Any) -> bytes:
        return msgspec.json.encode(obj)

    def decode(self, data: bytes) -> Any:
        state = msgspec.json.decode(data)
        state["timestamp"] = datetime.fromisoformat(state["timestamp"])
        return state
