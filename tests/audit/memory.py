"""A whole ledger in memory: a log, and the processors' folds run over it in one thread.

The audit reads it like Kafka. Unlike Kafka it can be tampered with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from events import topics
from events.codec import UnreadableRecord, decode_record, encode
from events.conversions import conversion_key, misplaced
from events.decisions import Decision, DecisionRecord, StoredDecision
from events.first_wins import DecisionLog, Dense, Verdict
from events.instructions import Instruction
from events.journal import Entry
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

    def offset_at(self, topic: str, partition: int, at: int) -> int:
        held = self.records[topic, partition]
        return next((n for n, record in enumerate(held) if record.recorded_at >= at), len(held))

    def read_one(self, position: Position) -> Record:
        """For the tests: the record at `position`; raises LogError when there is none."""
        for record in self.read(position.topic, position.partition, position.offset):
            return record
        raise LogError(f"{position}: no record there")


Output = list[tuple[str, bytes]]
"""Keys and values, as a processor writes them into one partition."""


class MemoryLedger:
    """Appends facts and decisions, and processes them when told to.

    `noise` makes of what a processor writes what stands in the log in the end: the same
    with repeats, and with records ahead of others that come after all. `hasty`: attribution
    ran before any decision that was made after a conversion.
    """

    def __init__(self, noise: Callable[[Output], Output] = list, *, hasty: bool = False) -> None:
        self.log = MemoryLog()
        self.now = NOON
        self.known = 0
        self._versions: dict[str, int] = {}
        self._noise = noise
        self._hasty = hasty

    def decide(self, aggregate: str, name: str, fact: msgspec.Struct) -> Position:
        version = self._versions.get(aggregate, 0) + 1
        self._versions[aggregate] = version
        state = msgspec.Raw(msgspec.json.encode(fact))
        record = DecisionRecord((StoredDecision(aggregate, version, name, state),))
        self.now += 1
        self.known += 1
        return self.log.append(topics.DECISIONS, aggregate, encode(record), self.now)

    def version(self, aggregate: str) -> int:
        """How many decisions the aggregate has."""
        return self._versions.get(aggregate, 0)

    def convert(self, conversion: Any) -> Position:
        self.now += 1
        key = conversion_key(conversion.program, conversion.customer)
        return self.log.append(topics.CONVERSIONS, key, encode(conversion), self.now)

    def process(self) -> None:
        """Attribution, relay and posting, from the beginning, on topics that are empty."""
        self._clear(topics.ATTRIBUTIONS)
        directory, decisions = self._decided()
        times = [decision.recorded_at for decision in decisions]
        for partition in range(PARTITIONS):
            self._attribute(partition, directory, times)
        self.relay()
        self.post()

    def relay(self) -> None:
        """The instructions that what stands in `attributions` and `decisions` gives."""
        self._clear(topics.INSTRUCTIONS)
        for partition in range(PARTITIONS):
            dense = Dense()
            numbering = Numbering()
            routed: dict[int, Output] = {}
            for record in self.log.read(topics.ATTRIBUTIONS, partition):
                found = _readable(record)
                if found and dense.judge(found.source, found.n) is Verdict.ACCEPTED:
                    _number(routed, numbering, route_attribution(found, str(record.position)))
            self._write_instructions(routed)
        numbering, routed = Numbering(), {}
        for decision in self._decided()[1]:
            _number(routed, numbering, route_decision(decision))
        self._write_instructions(routed)

    def post(self) -> None:
        """The journal that what stands in `instructions` gives."""
        self._clear(topics.JOURNAL)
        directory = self._decided()[0]
        for partition in range(PARTITIONS):
            self._post(partition, directory)

    def entries(self) -> Iterator[Entry]:
        """The journal as every reader accepts it, partition by partition."""
        for partition in range(PARTITIONS):
            dense = Dense()
            for record in self.log.read(topics.JOURNAL, partition):
                entry: Entry = decode_record(record)
                if dense.judge(entry.source, entry.n) is Verdict.ACCEPTED:
                    yield entry

    def _clear(self, topic: str) -> None:
        for partition in range(PARTITIONS):
            self.log.records[topic, partition].clear()

    def _decided(self) -> tuple[Directory, list[Decision]]:
        directory, decisions = Directory(), []
        accepted = DecisionLog()
        for record in self.log.read(topics.DECISIONS, 0):
            with suppress(UnreadableRecord):
                for decision in accepted.accept(record):
                    directory.apply(decision)
                    decisions.append(decision)
        return directory, decisions

    def _attribute(self, partition: int, directory: Directory, times: list[int]) -> None:
        customers: dict[str, attribution.Customer] = {}
        written: Output = []
        for record in self.log.read(topics.CONVERSIONS, partition):
            source = str(record.position)
            key = (record.key or b"").decode()
            try:
                conversion = decode_record(record)
                why = misplaced(conversion, record.key, partition, PARTITIONS)
            except UnreadableRecord as problem:
                why = problem.why
            seen = bisect_left(times, record.recorded_at) if self._hasty else len(times)
            if why is None and conversion.known > seen:
                why = f"known {conversion.known} is ahead of the {seen} decisions"
            if why is not None:
                made = attribution.unreadable(
                    n=record.offset, source=source, recorded_at=record.recorded_at, why=why
                )
            else:
                made = attribution.decide(
                    customers.get(key),
                    conversion,
                    n=record.offset,
                    source=source,
                    recorded_at=record.recorded_at,
                    directory=directory,
                )
                customers[key] = attribution.evolve(customers.get(key), made)
            written.append((key or "unreadable", encode(made)))
        self._write(topics.ATTRIBUTIONS, partition, written)

    def _post(self, partition: int, directory: Directory) -> None:
        accounts: dict[str, account.Account] = {}
        items: dict[tuple[str, str], Any] = {}
        written: Output = []
        dense, at = Dense(), 0
        partner = ""

        def lookup(key: str) -> account.Item | None:
            return items.get((partner, key))

        for record in self.log.read(topics.INSTRUCTIONS, partition):
            instruction = _readable(record)
            if not instruction:
                continue
            if dense.judge(instruction.source, instruction.n) is not Verdict.ACCEPTED:
                continue
            at = max(at, record.recorded_at)
            partner = instruction.partner
            entry = account.decide(
                accounts.get(partner),
                lookup,
                instruction,
                n=len(written),
                source=str(record.position),
                at=at,
                directory=directory,
            )
            value = encode(entry)
            accounts[partner], changed = account.evolve(accounts.get(partner), lookup, entry, value)
            items.update({(partner, key): item for key, item in changed.items()})
            written.append((partner, value))
        self._write(topics.JOURNAL, partition, written)

    def _write_instructions(self, routed: dict[int, Output]) -> None:
        for target, written in routed.items():
            self._write(topics.INSTRUCTIONS, target, written)

    def _write(self, topic: str, partition: int, written: Output) -> None:
        for key, value in self._noise(written):
            self.now += 1
            self.log.append(topic, key, value, self.now, partition)


def _number(
    routed: dict[int, Output], numbering: Numbering, instructions: tuple[Instruction, ...]
) -> None:
    for instruction in instructions:
        target, numbered = numbering.number(instruction, PARTITIONS)
        routed.setdefault(target, []).append((instruction.partner, encode(numbered)))


def _readable(record: Record) -> Any:
    """What the record says, or None."""
    try:
        return decode_record(record)
    except UnreadableRecord:
        return None
