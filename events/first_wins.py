"""The rule every reader applies: the first record for a position wins.

A log holds duplicates, losing writes and the output of workers that did not know they
were replaced. Instead of preventing those, all readers ignore any later record for a
position that is taken, and so reach the same answer. What a position is depends on the
log: see `Dense` (a decider's output) and `DecisionLog` (aggregates).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from events import topics
from events.codec import UnreadableRecord, decode_record
from events.decisions import Decision, DecisionRecord, StoredDecision
from events.position import Record


class Verdict(Enum):
    """What a reader makes of a record."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    """The position is taken: ignore it."""
    AHEAD = "ahead"
    """A record before it is missing: not accepted. The writer will repeat the missing
    one and this one after it; a gap that stays is an alarm."""


class Dense:
    """Positions (source partition, n) of one partition's reader: exactly last + 1 is next."""

    def __init__(self, last: dict[str, int] | None = None) -> None:
        self.last: dict[str, int] = dict(last or {})
        """Source partition, as `topic/partition` → last accepted n."""

    def judge(self, source: str, n: int) -> Verdict:
        """Verdict on number `n` from the record at position `source`; moves on if accepted.

        What cites no position takes none: it is ignored as a repeat is.
        """
        stream, slash, _ = source.rpartition("/")
        if not slash:
            return Verdict.REPEATED
        expected = self.last.get(stream, -1) + 1
        if n == expected:
            self.last[stream] = n
            return Verdict.ACCEPTED
        return Verdict.REPEATED if n < expected else Verdict.AHEAD


def readable(records: Iterable[Record], family: str = "") -> Iterator[tuple[Record, Any]]:
    """The records that are of their topic's shapes, each with what it says; `family`: see
    `decode_record`."""
    for record in records:
        try:
            said = decode_record(record, family)
        except UnreadableRecord:
            continue
        yield record, said


def accepted(
    records: Iterable[Record], family: str = "", dense: Dense | None = None
) -> Iterator[tuple[Record, Any]]:
    """The records of a decider's output that count, in order, each with what it says.

    `dense`: what was accepted before, where `records` go on; it moves with them.
    """
    dense = Dense() if dense is None else dense
    for record, said in readable(records, family):
        if dense.judge(said.source, said.n) is Verdict.ACCEPTED:
            yield record, said


class DecisionLog:
    """Reads `decisions` in order and numbers what is accepted, from 1.

    A record is accepted whole or not at all. Feed it every record of the topic from
    offset 0, in order, and all readers hold the same numbers.
    """

    def __init__(self) -> None:
        self.count = 0
        """Accepted events so far: the `known` of a writer that has read this far."""
        self.next_offset = 0
        self._taken: dict[str, set[int]] = {}

    def accept(self, record: Record) -> tuple[Decision, ...]:
        """The decisions `record` adds; empty when it lost or repeats.

        Raises UnreadableRecord for one that is not of the topic's shape; it counts as
        read and adds nothing.
        """
        if record.offset < self.next_offset:
            return ()
        self.next_offset = record.offset + 1
        batch: DecisionRecord = decode_record(record, topics.DECISIONS)
        wanted = [(event.aggregate, event.version) for event in batch.events]
        if len(set(wanted)) != len(wanted) or any(
            version in self._taken.get(aggregate, ()) for aggregate, version in wanted
        ):
            return ()
        states = [_state(record, event) for event in batch.events]  # all or none: first of all
        accepted = []
        for event, state in zip(batch.events, states, strict=True):
            self._taken.setdefault(event.aggregate, set()).add(event.version)
            self.count += 1
            accepted.append(
                Decision(
                    number=self.count,
                    position=str(record.position),
                    recorded_at=record.recorded_at,
                    aggregate=event.aggregate,
                    version=event.version,
                    name=event.name,
                    state=state,
                    origin=batch.origin,
                )
            )
        return tuple(accepted)


def _state(record: Record, event: StoredDecision) -> bytes:
    if event.state_base64 is None:
        return bytes(event.state)
    try:
        return base64.b64decode(event.state_base64, validate=True)
    except ValueError as problem:
        raise UnreadableRecord(
            record, f"state_base64 of {event.aggregate} version {event.version}: {problem}"
        ) from problem
