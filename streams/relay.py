"""Relay: attributions[p] and decisions → instructions, in the partition of each partner.

It decides nothing, so nobody else can win against it: two relays write the same. Its
outputs are numbered densely for each (source partition → target partition), and readers
accept exactly the next number. All it keeps is how far it has read and numbered. Without
that, it folds its source silently up to the last offset it is known to have flushed, and
where none is known it writes all again, and readers ignore it.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from events import topics
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode, encode
from events.first_wins import DecisionLog, Dense, Verdict
from events.instructions import Instruction
from events.log import read_batches
from events.position import Record
from projections.routing import Numbering, route_attribution, route_decision
from streams.dead_letters import dead_letter
from streams.processor import TAG, Committed, Fold, Outputs, Place, Processor
from streams.state import StateError

log = logging.getLogger(__name__)

NAME = "relay"


class RelayProcessor(Processor):
    name = NAME
    topics = (topics.ATTRIBUTIONS, topics.DECISIONS)

    def new_fold(self, place: Place, committed: Committed | None) -> Fold:
        if place.topic == topics.DECISIONS:
            return DecisionsRelay(self, place, committed)
        return AttributionsRelay(self, place, committed)


class RelayFold(Fold):
    """Common to both sources: numbering, resuming, and what is kept."""

    def __init__(self, processor: Processor, place: Place, committed: Committed | None) -> None:
        self.processor = processor
        self.place = place
        self.state = processor.open_state(place, topics.INSTRUCTIONS)
        self.progress = self.state.progress
        self.numbering = Numbering(self.progress.numbering)
        self.dense = Dense(self.progress.accepted)
        self._targets = processor.partitions(topics.INSTRUCTIONS)
        try:
            self._resume(committed)
        except BaseException:
            self.state.close()
            raise

    @property
    def next_input(self) -> int:  # type: ignore[override]
        return self.progress.next_input

    @abstractmethod
    def _route(
        self, record: Record, letters: list[tuple[str | bytes, bytes]]
    ) -> Iterable[Instruction]:
        """The unnumbered instructions of a record; none if it is not accepted."""

    def decide(self, records: Sequence[Record]) -> Outputs:
        outputs: Outputs = {}
        letters: list[tuple[str | bytes, bytes]] = []
        number, targets = self.numbering.number, self._targets
        for record in records:
            for instruction in self._route(record, letters):
                target, numbered = number(instruction, targets)
                place = (topics.INSTRUCTIONS, target)
                outputs.setdefault(place, []).append((numbered.partner, encode(numbered)))
        self.progress.next_input = records[-1].offset + 1
        if letters:
            outputs[topics.DEAD_LETTERS, 0] = letters
        return outputs

    def save(self) -> None:
        self.progress.numbering = self.numbering.next
        self.progress.accepted = self.dense.last
        self.state.save(())

    def close(self) -> None:
        self.state.close()

    def _resume(self, committed: Committed | None) -> None:
        """Fold silently what is known to be written."""
        _, end = self.processor.ends(*self.place)
        written = self.progress.next_input
        if committed is not None and committed.tag == TAG:
            written = max(written, committed.offset)
        if written > end:
            raise StateError(
                f"{self.state.directory} or the group pledger-{NAME} has seen {self.place} up to "
                f"offset {written}, but the log ends at {end}: it was truncated, or is another "
                "one. Check PLEDGER_BROKER; delete the directory and the group to begin anew"
            )
        for batch in self._silent(written):
            self.processor.go_on()
            self.decide(batch)
            self.save()  # a rebuild that is interrupted goes on from here
        self.save()

    def _silent(self, written: int) -> Iterator[list[Record]]:
        return read_batches(self.processor.broker, *self.place, start=self.next_input, end=written)


class AttributionsRelay(RelayFold):
    """Numbers follow each other by the conversion's partition."""

    def _route(
        self, record: Record, letters: list[tuple[str | bytes, bytes]]
    ) -> Iterable[Instruction]:
        try:
            found: Attribution = decode(topics.ATTRIBUTIONS, record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            self.processor.counts["unreadable"] += 1
            letters.append(dead_letter(NAME, record, str(problem)))
            return ()
        verdict = self.dense.judge(found.source, found.n)
        if verdict is not Verdict.ACCEPTED:
            self.processor.counts[verdict.value] += 1
            return ()
        return route_attribution(found, f"{self.place}/{record.offset}")


class DecisionsRelay(RelayFold):
    """Reads the decisions from the beginning at every start: which are accepted is known
    only to who has read all before, and they are few."""

    def __init__(self, processor: Processor, place: Place, committed: Committed | None) -> None:
        self._log = DecisionLog()
        super().__init__(processor, place, committed)

    def _silent(self, written: int) -> Iterator[list[Record]]:
        self.numbering.next.clear()
        return read_batches(self.processor.broker, *self.place, start=0, end=written)

    def _route(
        self, record: Record, letters: list[tuple[str | bytes, bytes]]
    ) -> Iterable[Instruction]:
        try:
            accepted = self._log.accept(record)
        except UnreadableRecord as problem:
            self.processor.counts["unreadable"] += 1
            letters.append(dead_letter(NAME, record, problem.why))
            return ()
        return [instruction for decision in accepted for instruction in route_decision(decision)]
