"""A log made of a world in memory, each record with the time at which it was written."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec

from events import topics
from events.codec import decode, encode
from events.conversions import conversion_key
from events.decisions import DecisionRecord, StoredDecision
from events.instructions import Instruction
from events.journal import Entry
from tests.audit.memory import MemoryLog
from tests.projections.world import PARTITIONS
from tests.rewards.lives import Living

TOPICS = {
    "conversions": topics.CONVERSIONS,
    "attributions": topics.ATTRIBUTIONS,
    "instructions": topics.INSTRUCTIONS,
    "journal": topics.JOURNAL,
}
"""Attribute of a world → the topic it stands for."""


class Kept(defaultdict[int, list[bytes]]):
    """The records of a topic, by partition, and the time of each."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__(lambda: Timed(now))


class Timed(list[bytes]):
    """Records, and when each was appended, ms."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self._now = now
        self.times: list[int] = []

    def append(self, value: bytes) -> None:
        super().append(value)
        self.times.append(self._now())


class Recorded(Living):
    """A life under a scheme (`tests.rewards.lives`), and the log it leaves behind."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, Kept(lambda: self.now) if name in TOPICS else value)

    def __init__(self, scheme: dict[str, Any], seed: int | None = None) -> None:
        """`seed`: the relay lags behind, each source for itself; None: it never does."""
        self._chance = None if seed is None else random.Random(seed)
        self._late: dict[str, list[tuple[str, tuple[Instruction, ...]]]] = {}
        super().__init__(scheme)

    def relay(self, source: str, routed: tuple[Instruction, ...]) -> list[Entry]:
        if self._chance is None:
            return super().relay(source, routed)
        if routed:
            self._late.setdefault(source.rpartition("/")[0], []).append((source, routed))
        return []

    def happen(self, operation: Any) -> list[Entry]:
        found = super().happen(operation)
        for waiting in self._late.values():
            while waiting and self._chance is not None and self._chance.random() < 0.5:
                found = [*found, *super().relay(*waiting.pop(0))]
        return found

    def catch_up(self) -> None:
        """Relay what is late."""
        for waiting in self._late.values():
            while waiting:
                super().relay(*waiting.pop(0))

    def log(self) -> MemoryLog:
        self.catch_up()
        log = MemoryLog()
        for topic, partition in list(log.records):
            if partition >= PARTITIONS:
                del log.records[topic, partition]
        for decision in self.decisions:
            state = msgspec.Raw(decision.state)
            stored = StoredDecision("test", decision.version, decision.name, state)
            value = encode(DecisionRecord((stored,)))
            log.append(topics.DECISIONS, "test", value, decision.recorded_at)
        for name, topic in TOPICS.items():
            for partition, values in getattr(self, name).items():
                for value, at in zip(values, values.times, strict=True):
                    log.append(topic, _key(topic, value), value, at, partition)
        return log


def _key(topic: str, value: bytes) -> str:
    said = decode(topic, value)
    if topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS):
        return conversion_key(said.program, said.customer)
    return str(said.partner)
