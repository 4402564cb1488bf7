"""What the aggregates share: text ids, stable event names, and states a person can read.

Most aggregates are created by one event, once. A `DecisionSeries` is not: it is there, empty,
before its first event, and the same kind of event may stand first and later (rates that are
set, then corrected; a commission that is held, then released).

An event's name in the log (`program.created`) is its TOPIC, a word of the library's; it
does not change when a class moves. Its state is a JSON object with exactly the fields of
its fact in `events.decisions`, plus the library's `timestamp` and, on a first event,
`originator_topic`. The timestamp is the writer's clock, for information only: no fold
reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

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


NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a series was changed that has no event yet."""

S = TypeVar("S", bound="DecisionSeries")


class DecisionSeries(BaseAggregate[str]):
    """Base of the aggregates that nothing creates. Subclasses set up in `__init__`, without
    arguments, what stands before the first event."""

    class Event(DecisionEvent):
        pass

    @classmethod
    def empty(cls: type[S], name: str) -> S:
        """As it stands before its first event; `name` is its id."""
        found = cls.__new__(cls)
        found.__base_init__(originator_id=name, originator_version=0, timestamp=NEVER)
        found.__init__()  # type: ignore[misc]
        return found


class PlainJSON(Transcoder):
    """States as plain JSON objects: times as ISO 8601 text, no type tags."""

    def encode(self, obj: Any) -> bytes:
        return msgspec.json.encode(obj)

    def decode(self, data: bytes) -> Any:
        state = msgspec.json.decode(data)
        state["timestamp"] = datetime.fromisoformat(state["timestamp"])
        return state
