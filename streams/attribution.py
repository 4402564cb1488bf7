"""Attribution: conversions[p] → attributions[p]. For each conversion, who is credited.

One record for every conversion, numbered by the conversion's offset; also for those that
cannot be read or were stamped with decisions nobody has made, which go to the dead
letters besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from events import topics
from events.attributions import Attribution
from events.codec import decode, encode
from events.conversions import conversion_key, misplaced
from events.position import Record
from events.settings import Broker
from projections import attribution
from streams.dead_letters import dead_letter
from streams.decider import Decider
from streams.decisions import DirectoryFollower
from streams.processor import Committed, Outputs, Place, Processor
from streams.state import decoder

NAME = "attribution"


class AttributionProcessor(Processor):
    name = NAME
    topics = (topics.CONVERSIONS,)
    layout = 2  # counts each customer's purchases

    def __init__(self, broker: Broker, state: Path) -> None:
        super().__init__(broker, state)
        self.follower = DirectoryFollower(broker)

    def new_fold(self, place: Place, committed: Committed | None) -> AttributionFold:
        return AttributionFold(self, place)

    def shut(self) -> None:
        super().shut()
        self.follower.close()


class AttributionFold(Decider):
    """State by customer, key `program/customer`."""

    output_topic = topics.ATTRIBUTIONS

    def __init__(self, processor: AttributionProcessor, place: Place) -> None:
        self._follower = processor.follower
        self._decode_customer = decoder(attribution.Customer)
        super().__init__(processor, place)

    def decide(self, records: Sequence[Record]) -> Outputs:
        directory = self._follower.directory
        partitions = self.processor.partitions(topics.CONVERSIONS)
        values, changed = self.values, self.changed
        decide, evolve, conversions = attribution.decide, attribution.evolve, topics.CONVERSIONS
        letters: list[tuple[str | bytes, bytes]] = []
        written: list[tuple[str | bytes, bytes]] = []
        source = f"{self.place}/"
        for record in records:
            offset, key = record.offset, record.key
            try:
                conversion = decode(conversions, record.value or b"")
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                written.append(self._unreadable(record, str(problem), letters))
                continue
            wanted = conversion_key(conversion.program, conversion.customer).encode()
            if key != wanted or wanted not in values:
                why = misplaced(conversion, key, self.place.partition, partitions)
                if why is not None:
                    written.append(self._unreadable(record, why, letters))
                    continue
                self._load(wanted)
            if conversion.known > directory.count:
                seen = self.processor.refreshed(self._follower)
                if conversion.known > seen:
                    why = f"known {conversion.known} is ahead of the {seen} decisions"
                    written.append(self._unreadable(record, why, letters))
                    continue
            customer = values[wanted]
            try:
                decided = decide(
                    customer,  # type: ignore[arg-type]
                    conversion,
                    n=offset,
                    source=source + str(offset),
                    recorded_at=record.recorded_at,
                    directory=directory,
                )
            except Exception as problem:
                problem.add_note(f"attribution of {record.position}")
                raise
            written.append((wanted, encode(decided)))
            evolved = evolve(customer, decided)  # type: ignore[arg-type]
            if evolved is not customer:
                values[wanted] = evolved
                changed.add(wanted)
        self.writing += written
        progress = self.progress
        progress.next_input = progress.answered = progress.n = records[-1].offset + 1
        outputs: Outputs = {(self.output_topic, self.place.partition): written}
        if letters:
            outputs[topics.DEAD_LETTERS, 0] = letters
        return outputs

    def _unreadable(
        self, record: Record, why: str, letters: list[tuple[str | bytes, bytes]]
    ) -> tuple[str | bytes, bytes]:
        """The record of a conversion that cannot be read, and its dead letter."""
        self.processor.counts["unreadable"] += 1
        letters.append(dead_letter(NAME, record, why))
        said = attribution.unreadable(
            n=record.offset,
            source=str(record.position),
            recorded_at=record.recorded_at,
            why=why,
        )
        return record.key or b"unreadable", encode(said)

    def _load(self, key: bytes) -> None:
        if key not in self.values:
            found = self.state.get(key)
            self.values[key] = None if found is None else self._decode_customer(found)

    def _evolve_from(self, output: Attribution, value: bytes) -> None:
        if output.outcome == "unreadable":
            return
        key = conversion_key(output.program, output.customer).encode()
        self._load(key)
        self.values[key] = attribution.evolve(self.values[key], output)  # type: ignore[arg-type]
        self.changed.add(key)

    def _skip(self, batches: Iterator[Sequence[Record]]) -> None:
        """Nothing to read: numbers are the inputs' own offsets."""
