"""The recorders of the event store: the library's words for inserting and following events.

Each turns the library's calls into those of a `SharedLog`, and that one's errors into the
library's: `IntegrityError` when another came first, `OperationalError` when the broker
does not answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    NotSupportedError,
    OperationalError,
    StoredEvent,
    Subscription,
)

from aggregates.shared_log import LogUnavailable, SharedLog, Taken
from aggregates.stored import aggregate_name, originator_id, to_stored_decision, to_stored_event

TRACKING = (
    "tracking records are not kept by this store: the ledger's processors find their position "
    "in their own output (see docs), never in a table beside it"
)


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
