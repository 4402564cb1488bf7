"""An event of the library as it stands in the log, and back."""

from __future__ import annotations

import base64
from uuid import UUID

import msgspec
from eventsourcing.persistence import DataError, StoredEvent

from aggregates.accepted import Row
from events.decisions import StoredDecision

UUID_PREFIX = "urn:uuid:"
"""UUIDs are written as URNs (RFC 9562, section 4), so that reading gives a UUID back."""


def aggregate_name(originator_id: UUID | str) -> str:
    """The originator id as it stands in the log."""
    if isinstance(originator_id, UUID):
        return originator_id.urn
    if originator_id.startswith(UUID_PREFIX):
        raise DataError(f"originator id {originator_id!r}: pass a UUID, not its URN")
    return originator_id


def originator_id(aggregate: str) -> UUID | str:
    """The inverse of `aggregate_name`."""
    return UUID(aggregate) if aggregate.startswith(UUID_PREFIX) else aggregate


def to_stored_decision(event: StoredEvent) -> StoredDecision:
    """JSON states stay JSON, where that keeps every byte; all others are base64."""
    name = aggregate_name(event.originator_id)
    try:
        is_json = msgspec.json.encode(msgspec.json.decode(event.state)) == event.state
    except (msgspec.MsgspecError, UnicodeDecodeError):
        is_json = False
    if is_json:
        return StoredDecision(name, event.originator_version, event.topic, msgspec.Raw(event.state))
    return StoredDecision(
        name,
        event.originator_version,
        event.topic,
        state_base64=base64.b64encode(event.state).decode(),
    )


def to_stored_event(row: Row) -> StoredEvent:
    """The inverse of `to_stored_decision`."""
    return StoredEvent(originator_id(row.aggregate), row.version, row.name, row.state)
