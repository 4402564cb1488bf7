"""The event store: a persistence module of the `eventsourcing` library on one Kafka partition.

    PERSISTENCE_MODULE=aggregates.store
    PLEDGER_BROKER=kafka://host:port     as for every part of the ledger (`events.settings`)
    DECISIONS_TOPIC=decisions            the topic; `<topic>-snapshots` holds snapshots, if used

One `insert_events` call is one record, and so atomic. Positions are (originator id,
version); a loser gets `IntegrityError`, as from every store of the library. A
notification's id is the running number of accepted events, the same for every reader.
See `shared_log` for how a writer learns whether it won, `recorders` for the library's side
of it, and `stored` for how an event stands in the log. The library opens the one factory
of this module.
"""

from __future__ import annotations

from typing import Any

from eventsourcing.persistence import (
    InfrastructureFactory,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    TrackingRecorder,
)

from aggregates.recorders import TRACKING, LogAggregateRecorder, LogApplicationRecorder
from aggregates.shared_log import LogUnavailable, SharedLog
from events import topics
from events.settings import load


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
