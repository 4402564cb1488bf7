"""The events a log accepted, in memory: by number, and by aggregate and version.

Decisions are few and small (some 700 bytes each here), so every process that decides
holds them all. Rows are only ever appended. Not thread-safe: `SharedLog` has the lock.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import NamedTuple

from events.codec import UnreadableRecord
from events.decisions import StoredDecision
from events.first_wins import DecisionLog
from events.position import Position, Record

log = logging.getLogger(__name__)


class Row(NamedTuple):
    """An accepted event."""

    aggregate: str
    version: int
    name: str
    state: bytes
    offset: int
    """Of its record."""


class Accepted:
    """What the records read so far add up to, by the rule every reader applies."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.rows: list[Row] = []
        """The event of number n stands at n - 1."""
        self._log = DecisionLog()
        self._numbers: dict[str, dict[int, int]] = {}  # aggregate → version → number

    @property
    def next_offset(self) -> int:
        """The offset after the last record taken."""
        return self._log.next_offset

    def apply(self, record: Record) -> None:
        """Take the next record of the log, whoever wrote it."""
        try:
            decisions = self._log.accept(record)
        except UnreadableRecord as problem:
            log.warning("ignored, as by every reader: %s", problem)
            return
        for decision in decisions:
            aggregate = sys.intern(decision.aggregate)
            self._numbers.setdefault(aggregate, {})[decision.version] = decision.number
            self.rows.append(
                Row(
                    aggregate,
                    decision.version,
                    sys.intern(decision.name),
                    decision.state,
                    record.offset,
                )
            )

    def versions(self, aggregate: str) -> list[Row]:
        """The events of one aggregate, by version."""
        numbers = self._numbers.get(aggregate, {})
        return [self.rows[numbers[version] - 1] for version in sorted(numbers)]

    def numbers_at(self, offset: int, events: Sequence[StoredDecision]) -> list[int]:
        """The numbers of `events` if the record at `offset` won with them, else none."""
        numbers = [self._numbers.get(event.aggregate, {}).get(event.version) for event in events]
        won = [
            number
            for number in numbers
            if number is not None and self.rows[number - 1].offset == offset
        ]
        return won if len(won) == len(events) else []

    def holder(self, events: Sequence[StoredDecision]) -> str:
        """Which record holds a position of `events`, in words; empty when all are free."""
        for event in events:
            number = self._numbers.get(event.aggregate, {}).get(event.version)
            if number is not None:
                row = self.rows[number - 1]
                return (
                    f"{event.aggregate} version {event.version} is taken by {row.name} "
                    f"at {Position(self.topic, 0, row.offset)}"
                )
        return ""
