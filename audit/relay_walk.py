"""The relay walked again, to name the first instruction that is not what its source gives.

A replay compares sums (`relayed`); only where two differ, or where an instruction cites what
gives none, are the streams walked record by record.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from audit.log import Log
from audit.prove_attributions import routed_again
from audit.prove_journal import relayed_records
from audit.relayed import ReadTo, Routed, Stream, Sums, Totals, first_difference
from audit.replay_plan import ReplayPlan
from audit.scope import Scope
from events import topics
from events.position import Position
from projections.routing import route_decision

DECISIONS = f"{topics.DECISIONS}/0"


def routed_decisions(log: Log, decided: Decided, scope: Scope) -> Totals:
    """What the decisions must have put into each partition of `instructions`."""
    sums = Sums()
    for stream, value in decision_instructions(log, decided, scope):
        sums.add(stream, value)
    return sums.totals()


def decision_instructions(
    log: Log, decided: Decided, scope: Scope
) -> Iterator[tuple[Stream, bytes]]:
    """The instructions that the decisions give, stream by stream, in order."""
    routed = Routed(DECISIONS, log.partitions(topics.INSTRUCTIONS), scope)
    for decision in decided.decisions:
        yield from routed.number(route_decision(decision))


class Relay(Struct):
    """What was routed, walked again to name the first record that differs."""

    log: Log
    plan: ReplayPlan
    decided: Decided
    read_to: dict[str, ReadTo]

    def differences(
        self, routed: Totals, relayed: Totals, sound: set[str] | None = None
    ) -> Iterator[Difference]:
        """The first difference of the first stream whose sums differ, if any does. Where
        something differs elsewhere, only streams between `sound` partitions are judged: in
        others a difference may be no more than what follows from that."""
        targets = self.plan.scope.journals(self.log.partitions(topics.JOURNAL))
        for stream in sorted(routed.keys() | relayed.keys()):
            if sound is not None and not _joins(sound, stream):
                continue
            if stream.target in targets and routed.get(stream) != relayed.get(stream):
                framing = Difference("altered", stream.source, "differs only in its framing")
                yield self._first(stream) or framing
                return

    def before(self, foreign: Difference, routed: Totals) -> Difference | None:
        """What differs first among the instructions before one that nothing gives. A source that
        was removed moves all that follow it up: only the last of them cites what is not there."""
        topic, _, place = foreign.position.partition("/")
        if (foreign.kind, topic) != ("foreign", topics.INSTRUCTIONS):
            return None
        target, offset = map(int, place.split("/"))
        here, earliest = f"{topic}/{target}/", None
        for stream in sorted(routed):
            if stream.target != target or stream.source not in self.read_to:
                continue
            try:
                first = self._first(stream)
            except AuditFailed:  # what stands there cites no position at all
                return None
            if first is not None and first.position.startswith(here):
                at = Position.parse(first.position).offset
                if at < offset:
                    earliest, offset = first, at
        return earliest

    def _first(self, stream: Stream) -> Difference | None:
        log, scope, bound = self.log, self.plan.scope, self.read_to[stream.source]
        if stream.source == DECISIONS:
            again = decision_instructions(log, self.decided, scope)
        else:
            partition = int(stream.source.rpartition("/")[2])
            again = routed_again(log, self.decided, partition, bound.accepted, scope)
        expected = (value for to, value in again if to == stream)
        return first_difference(expected, relayed_records(log, stream, bound.offset, scope), stream)


def _joins(sound: set[str], stream: Stream) -> bool:
    return stream.source in sound and f"{topics.INSTRUCTIONS}/{stream.target}" in sound
