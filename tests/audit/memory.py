"""A whole ledger in memory: a log, and the processors' folds run over it in one thread.

The audit reads it like Kafka. Unlike Kafka it can be tampered with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from events import topics
from events.codec import UnreadableRecord, decode_record, encode
from events.conversions import conversion_key, misplaced
from events.decisions import DecisionRecord, StoredDecision
from events.first_wins import DecisionLog
from events.log import LogError
from events.partitioning import partition_of
from events.position import Position, Record
from projections import account, attribution
from projections.directory import Directory
from projections.routing import Numbering, route_attribution, route_decision

PARTITIONS = 4
DAY = 86_400_000
NOON = 1_700_000_000_000


class MemoryLog:
    def __init__(self) -> None:
        self.records: dict[tuple[str, int], list[Record]] = {}
        for topic in topics.TOPICS:
            for partition in range(topic.partitions(PARTITIONS)):
                self.records[topic.name, partition] = []

    def append(
        self, topic: str, key: str, value: bytes, at: int, partition: int | None = None
    ) -> Position:
        if partition is None:
            partition = partition_of(key, self.partitions(topic))
        held = self.records[topic, partition]
        held.append(Record(topic, partition, len(held), at, key.encode(), value))
        return held[-1].position

    def renumber(self, topic: str, partition: int) -> None:
        """Offsets from 0 again, as after a copy of the log to another cluster."""
        held = self.records[topic, partition]
        held[:] = [record._replace(offset=offset) for offset, record in enumerate(held)]

    def replace(self, position: Position, **changes: Any) -> None:
        held = self.records[position.topic, position.partition]
        held[position.offset] = held[position.offset]._replace(**changes)

    def partitions(self, topic: str) -> int:
        return sum(name == topic for name, _ in self.records)

    def ends(self, topic: str) -> dict[int, int]:
        return {p: len(held) for (name, p), held in self.records.items() if name == topic}

    def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> Iterator[Record]:
        yield from self.records[topic, partition][start:end]

    def read_one(self, position: Position) -> Record:
        for record in self.read(position.topic, position.partition, position.offset):
            return record
        raise LogError(f"{position}: no record there")


class MemoryLedger:
    """Appends facts and decisions, and processes them when told to."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.now = NOON
        self.known = 0
        self._versions: dict[str, int] = {}

    def decide(self, aggregate: str, name: str, fact: msgspec.Struct) -> None:
        version = self._versions.get(aggregate, 0) + 1
        self._versions[aggregate] = version
        state = msgspec.Raw(msgspec.json.encode(fact))
        record = DecisionRecord((StoredDecision(aggregate, version, name, state),))
        self.now += 1
        self.log.append(topics.DECISIONS, aggregate, encode(record), self.now)
        self.known += 1

    def convert(self, conversion: Any) -> Position:
        self.now += 1
        key = conversion_key(conversion.program, conversion.customer)
        return self.log.append(topics.CONVERSIONS, key, encode(conversion), self.now)

    def process(self) -> None:
        """Attribution, relay and posting, from the beginning, on topics that are empty."""
        for topic in (topics.ATTRIBUTIONS, topics.INSTRUCTIONS, topics.JOURNAL):
            for partition in range(PARTITIONS):
                self.log.records[topic, partition].clear()
        directory, decisions = Directory(), []
        accepted = DecisionLog()
        for record in self.log.read(topics.DECISIONS, 0):
            for decision in accepted.accept(record):
                directory.apply(decision)
                decisions.append(decision)
        for partition in range(PARTITIONS):
            self._attribute(partition, directory)
        for partition in range(PARTITIONS):
            numbering = Numbering()
            for record in self.log.read(topics.ATTRIBUTIONS, partition):
                self._relay(
                    numbering, route_attribution(decode_record(record), str(record.position))
                )
        numbering = Numbering()
        for decision in decisions:
            self._relay(numbering, route_decision(decision))
        for partition in range(PARTITIONS):
            self._post(partition, directory)

    def _attribute(self, partition: int, directory: Directory) -> None:
        customers: dict[str, attribution.Customer] = {}
        for record in list(self.log.read(topics.CONVERSIONS, partition)):
            source = str(record.position)
            try:
                conversion = decode_record(record)
                why = misplaced(conversion, record.key, partition, PARTITIONS)
            except UnreadableRecord as problem:
                why = problem.why
            if why is None and conversion.known > directory.count:
                why = f"known {conversion.known} is ahead of the {directory.count} decisions"
            if why is not None:
                made = attribution.unreadable(
                    n=record.offset, source=source, recorded_at=record.recorded_at, why=why
                )
            else:
                key = conversion_key(conversion.program, conversion.customer)
                made = attribution.decide(
                    customers.get(key),
                    conversion,
                    n=record.offset,
                    source=source,
                    recorded_at=record.recorded_at,
                    directory=directory,
                )
                customers[key] = attribution.evolve(customers.get(key), made)
            self.now += 1
            key_text = (record.key or b"unreadable").decode()
            self.log.append(topics.ATTRIBUTIONS, key_text, encode(made), self.now, partition)

    def _relay(self, numbering: Numbering, instructions: Any) -> None:
        for instruction in instructions:
            target, numbered = numbering.number(instruction, PARTITIONS)
            self.now += 1
            self.log.append(
                topics.INSTRUCTIONS, instruction.partner, encode(numbered), self.now, target
            )

    def _post(self, partition: int, directory: Directory) -> None:
        accounts: dict[str, account.Account] = {}
        items: dict[tuple[str, str], Any] = {}
        for n, record in enumerate(list(self.log.read(topics.INSTRUCTIONS, partition))):
            instruction = decode_record(record)
            partner = instruction.partner
            key = (partner, account.item_key(instruction))
            entry = account.decide(
                accounts.get(partner),
                items.get(key),
                instruction,
                n=n,
                source=str(record.position),
                at=record.recorded_at,
                directory=directory,
            )
            value = encode(entry)
            accounts[partner], items[key] = account.evolve(
                accounts.get(partner), items.get(key), entry, value
            )
            self.now += 1
            self.log.append(topics.JOURNAL, partner, value, self.now, partition)
