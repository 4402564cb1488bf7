"""The event store: a persistence module of the `eventsourcing` library on one Kafka partition.

    PERSISTENCE_MODULE=aggregates.store
    PLEDGER_BROKER=kafka://host:port     as for every part of the ledger (`events.settings`)
    DECISIONS_TOPIC=decisions            the topic; `<topic>-snapshots` holds snapshots, if used

One `insert_events` call is one record, and so atomic. Positions are (originator id,
version); a loser gets `IntegrityError`, as from every store of the library. A
notification's id is the running number of accepted events, the same for every reader.
See `aggregates.shared_log` for how a writer learns whether it won.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    InfrastructureFactory,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)

from aggregates.accepted import Row
from aggregates.shared_log import LogUnavailable, SharedLog, Taken
from events import topics
from events.decisions import StoredDecision
from events.settings import load

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
    return StoredEvent(originator_id(row.aggregate), row.version, row.name, row.state)


class LogAggregateRecorder(AggregateRecorder):
    """Inserts and selects events of aggregates, in a log of its own."""

    def __init__(self, log: SharedLog) -> None:
        self.log = log

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        self._insert(stored_events, **kwargs)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[int]:
        if kwargs.get("tracking") is not None:
            raise NotSupportedError(TRACKING)
        if not stored_events:
            return []
        try:
            return self.log.insert([to_stored_decision(event) for event in stored_events])
        except Taken as problem:
            raise IntegrityError(str(problem)) from None
        except LogUnavailable as problem:
            raise OperationalError(str(problem)) from problem

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        try:
            rows = self.log.versions(aggregate_name(originator_id))
        except LogUnavailable as problem:
            raise OperationalError(str(problem)) from problem
        found = [
            row
            for row in rows
            if (gt is None or row.version > gt) and (lte is None or row.version <= lte)
        ]
        if desc:
            found.reverse()
        return [to_stored_event(row) for row in found[:limit]]


class LogApplicationRecorder(LogAggregateRecorder, ApplicationRecorder):
    """Also numbers the events of all aggregates, and follows them."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        return self._insert(stored_events, **kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = 1 if start is None else start if inclusive_of_start else start + 1
        found: list[Notification] = []
        try:
            for number, row in self.log.rows(first):
                if len(found) >= limit or (stop is not None and number > stop):
                    break
                if not topics or row.name in topics:
                    found.append(
                        Notification(
                            originator_id(row.aggregate), row.version, row.name, row.state, number
                        )
                    )
        except LogUnavailable as problem:
            raise OperationalError(str(problem)) from problem
        return found

    def max_notification_id(self) -> int | None:
        try:
            return self.log.count or None
        except LogUnavailable as problem:
            raise OperationalError(str(problem)) from problem

    def refresh(self) -> int:
        """Read what others wrote up to the log's end as of now; the newest notification id."""
        try:
            return self.log.refresh()
        except LogUnavailable as problem:
            raise OperationalError(str(problem)) from problem

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return LogSubscription(recorder=self, gt=gt, topics=topics)


class LogSubscription(ListenNotifySubscription[LogApplicationRecorder]):
    """Wakes as soon as the log was read further, by whomever it was written."""

    def __init__(
        self, recorder: LogApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.log.listen(self._has_been_notified)
        # What was added between the first pull and `listen` must not wait for the next event.
        self._has_been_notified.set()

    def stop(self) -> None:
        self._recorder.log.unlisten(self._has_been_notified)
        super().stop()


TRACKING = (
    "tracking records are not kept by this store: the ledger's processors find their position "
    "in their own output (see docs), never in a table beside it"
)


class DecisionsFactory(InfrastructureFactory[TrackingRecorder]):
    """Opens the log on first use and shares it between the recorders of one application."""

    DECISIONS_TOPIC = "DECISIONS_TOPIC"

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self._logs: dict[str, SharedLog] = {}

    @property
    def topic(self) -> str:
        return self.env.get(self.DECISIONS_TOPIC, topics.DECISIONS)

    def _log(self, topic: str) -> SharedLog:
        if topic not in self._logs:
            broker = load(dict(self.env) | self._broker()).broker
            try:
                self._logs[topic] = SharedLog(broker, topic)
            except LogUnavailable as problem:
                raise OperationalError(str(problem)) from problem
        return self._logs[topic]

    def _broker(self) -> dict[str, str]:
        """PLEDGER_BROKER, which the library lets one set by application name too."""
        found = self.env.get("PLEDGER_BROKER")
        return {"PLEDGER_BROKER": found} if found else {}

    def aggregate_recorder(self, purpose: str = "events") -> LogAggregateRecorder:
        topic = self.topic if purpose == "events" else f"{self.topic}-{purpose}"
        return LogAggregateRecorder(self._log(topic))

    def application_recorder(self) -> LogApplicationRecorder:
        return LogApplicationRecorder(self._log(self.topic))

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        raise NotSupportedError(TRACKING)

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError(TRACKING)

    def close(self) -> None:
        for log in self._logs.values():
            log.close()
        self._logs.clear()
