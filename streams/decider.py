"""Deciders: folds whose every output answers one input, in the partition of the same number.

Their state evolves only from outputs that the log accepted. So whatever was lost (the
last outputs' state, or all of it) is read back: from where the saved state ends, each
output that stands in the log is folded, and the last one says which input comes next.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from events.codec import UnreadableRecord, decode_record
from events.first_wins import Dense, Verdict
from events.log import read, read_batches
from events.position import Record
from streams.processor import Fold, Place, Processor
from streams.state import StateError, encoded

log = logging.getLogger(__name__)

CACHED_KEYS = 100_000
CACHED_BYTES = 96 << 20
"""Decoded states that the partitions of a processor keep in memory, and what was encoded of
them; a partition that exceeds its share begins anew. (A customer's state grows with what he
buys: keys alone would not bound the memory.)"""


class Decider(Fold):
    """Base of the attribution and posting folds; `_evolve_from` folds what stands in the log."""

    output_topic: ClassVar[str]

    def __init__(self, processor: Processor, place: Place) -> None:
        self.processor = processor
        self.place = place
        self.state = processor.open_state(place, self.output_topic)
        self.progress = self.state.progress
        self.values: dict[bytes, msgspec.Struct | None] = {}
        """State by its key on disk, decoded; None: there is none."""
        self.changed: set[bytes] = set()
        self._encoded = 0
        """Bytes of states saved since `values` began anew."""
        self.writing: list[tuple[str | bytes, bytes]] = []
        """Keys and values of the outputs of the round under way."""
        try:
            self._read_back()
        except BaseException:
            self.state.close()
            raise

    @property
    def next_input(self) -> int:  # type: ignore[override]
        return self.progress.next_input

    @abstractmethod
    def _evolve_from(self, output: Any, value: bytes) -> None:
        """Fold an accepted output; `value` are its bytes in the log."""

    @abstractmethod
    def _skip(self, batches: Iterator[Sequence[Record]]) -> None:
        """Note what inputs said that are answered already; need not read them."""

    def undisturbed(self) -> bool:
        return self._end() == self.progress.next_output

    def won(self) -> bool:
        """Our outputs follow the known end of the log without a hole: nobody else wrote."""
        end = self._end()
        if end != self.progress.next_output + len(self.writing):
            self._compare(end)
            return False
        self.progress.next_output = end
        self.writing.clear()
        return True

    def _end(self) -> int:
        return self.processor.ends(self.output_topic, self.place.partition)[1]

    def _compare(self, end: int) -> None:
        """Say so if somebody's other answer came before one of ours: then what we wrote after
        it was decided from a state that the log does not have."""
        first = self.progress.n - len(self.writing)
        dense = Dense({str(self.place): first - 1})
        start, place = self.progress.next_output, self.place
        for record in read(self.processor.broker, self.output_topic, place.partition, start, end):
            try:
                output = decode_record(record)
            except UnreadableRecord:
                continue
            ours = output.n - first
            if (
                dense.judge(output.source, output.n) is Verdict.ACCEPTED
                and 0 <= ours < len(self.writing)
                and record.value != self.writing[ours][1]
            ):
                self.processor.counts["overruled"] += 1
                log.error(
                    "%s: somebody else's answer to %s came first, and it is not ours (%r): is "
                    "another release running? It stands; `pledger replay --verify` shows what "
                    "was decided beside it",
                    record.position,
                    output.source,
                    self.writing[ours][1],
                )
                return

    def save(self) -> None:
        values = self.values
        saved = [(key, encoded(values[key])) for key in self.changed]  # type: ignore[arg-type]
        self.state.save(saved)
        self.changed.clear()
        self._encoded += sum(len(value) for _, value in saved)
        share = max(1, len(self.processor.folds))
        if len(values) * share > CACHED_KEYS or self._encoded * share > CACHED_BYTES:
            values.clear()
            self._encoded = 0

    def close(self) -> None:
        self.state.close()

    def _read_back(self) -> None:
        progress, place = self.progress, self.place
        _, end = self.processor.ends(self.output_topic, place.partition)
        _, input_end = self.processor.ends(*place)
        self._refuse_beyond(self.output_topic, progress.next_output, end)
        self._refuse_beyond(place.topic, progress.next_input, input_end)
        for batch in read_batches(
            self.processor.broker, self.output_topic, place.partition, progress.next_output, end
        ):
            self.processor.go_on()
            self._fold_outputs(batch)
            progress.next_output = batch[-1].offset + 1
            self.save()
        self._refuse_beyond(place.topic, progress.answered, input_end)
        self._skip(self._answered_inputs())
        # What follows the last answer is decided, whatever state was saved.
        progress.next_input = max(progress.next_input, progress.answered)
        self.save()

    def _answered_inputs(self) -> Iterator[Sequence[Record]]:
        """Inputs that are answered, from where the saved state ends."""
        start, end = self.progress.next_input, self.progress.answered
        for batch in read_batches(self.processor.broker, *self.place, start=start, end=end):
            self.processor.go_on()
            yield batch

    def _fold_outputs(self, batch: Sequence[Record]) -> None:
        """Accept what stands in the output partition: the first record for a position wins."""
        ours, progress = str(self.place), self.progress
        dense = Dense({ours: progress.n - 1})
        ahead: list[Record] = []
        for record in batch:
            try:
                output = decode_record(record)
            except UnreadableRecord as problem:
                log.warning("%s: ignored: %s", self.processor.name, problem)
                continue
            stream, _, offset = output.source.rpartition("/")
            if stream != ours:
                log.warning("%s: ignored: made from %s", record.position, output.source)
                continue
            verdict = dense.judge(output.source, output.n)
            if verdict is Verdict.ACCEPTED:
                assert record.value is not None
                self._evolve_from(output, record.value)
                progress.n = output.n + 1
                progress.answered = int(offset) + 1
            elif verdict is Verdict.AHEAD:
                ahead.append(record)
        if ahead:
            self.processor.counts["ahead"] += len(ahead)
            log.warning(
                "%s and %d more: written while number %d is missing: not accepted, they will be "
                "written again after it",
                ahead[0].position,
                len(ahead) - 1,
                progress.n,
            )

    def _refuse_beyond(self, topic: str, offset: int, end: int) -> None:
        if offset > end:
            raise StateError(
                f"{self.state.directory} has seen {topic}/{self.place.partition} up to offset "
                f"{offset}, but the log ends at {end}: it was truncated, or is another one. "
                "Check PLEDGER_BROKER; delete the directory to rebuild it from this log"
            )
