"""Posting: instructions[p] → journal[p]. One entry for each instruction that is accepted.

An instruction is accepted when it carries the next number of its source partition; a
repeat, or one that came before its predecessor, gets no entry (the relay writes what is
missing again). State is kept by partner, and by partner and item: a deal, a lead, a payout,
a tally.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from events import topics
from events.codec import decode, encode
from events.first_wins import Dense, Verdict
from events.instructions import Instruction
from events.journal import Entry
from events.position import Record
from events.settings import Broker
from projections import account as posting
from projections.directory import DirectoryBehind
from streams.dead_letters import dead_letter
from streams.decider import Decider
from streams.decisions import DirectoryFollower
from streams.processor import Committed, Outputs, Place, Processor
from streams.state import decoder

NAME = "posting"


class PostingProcessor(Processor):
    name = NAME
    topics = (topics.INSTRUCTIONS,)

    def __init__(self, broker: Broker, state: Path) -> None:
        super().__init__(broker, state)
        self.follower = DirectoryFollower(broker)

    def new_fold(self, place: Place, committed: Committed | None) -> PostingFold:
        return PostingFold(self, place)

    def shut(self) -> None:
        super().shut()
        self.follower.close()


class PostingFold(Decider):
    """State by partner (`a/`), and by partner and key of the item (`i/`)."""

    output_topic = topics.JOURNAL

    def __init__(self, processor: PostingProcessor, place: Place) -> None:
        self._follower = processor.follower
        self._decode_account = decoder(posting.Account)
        self._decode_item = decoder(posting.Item)
        super().__init__(processor, place)

    def decide(self, records: Sequence[Record]) -> Outputs:
        values, changed, progress = self.values, self.changed, self.progress
        counts = self.processor.counts
        dense = Dense(progress.accepted)
        decide, evolve = posting.decide, posting.evolve
        instructions, directory = topics.INSTRUCTIONS, self._follower.directory
        letters: list[tuple[str | bytes, bytes]] = []
        written: list[tuple[str | bytes, bytes]] = []
        source = f"{self.place}/"
        n, at = progress.n, progress.at
        partner = ""

        def lookup(key: str) -> posting.Item | None:
            book = f"i/{partner}/{key}".encode()
            try:
                return values[book]  # type: ignore[return-value]
            except KeyError:
                return self._load(book)  # type: ignore[return-value]

        for record in records:
            try:
                instruction: Instruction = decode(instructions, record.value or b"")
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                # Not accepted: without a number there is no place in the order for it.
                counts["unreadable"] += 1
                letters.append(dead_letter(NAME, record, str(problem)))
                continue
            verdict = dense.judge(instruction.source, instruction.n)
            if verdict is not Verdict.ACCEPTED:
                counts[verdict.value] += 1
                continue
            if record.recorded_at > at:
                at = record.recorded_at
            partner = instruction.partner
            account_key = b"a/" + partner.encode()
            try:
                account = values[account_key]
            except KeyError:
                account = self._load(account_key)
            cited = source + str(record.offset)
            try:
                entry = decide(
                    account,  # type: ignore[arg-type]
                    lookup,
                    instruction,
                    n=n,
                    source=cited,
                    at=at,
                    directory=directory,
                )
            except DirectoryBehind:
                entry = self._after_reading_on(account, lookup, instruction, (n, cited, at))  # type: ignore[arg-type]
            except Exception as problem:
                problem.add_note(f"posting of {cited}")
                raise
            value = encode(entry)
            written.append((partner, value))
            values[account_key], items = evolve(account, lookup, entry, value)  # type: ignore[arg-type]
            changed.add(account_key)
            for key, item in items.items():
                book = f"i/{partner}/{key}".encode()
                values[book] = item
                changed.add(book)
            n += 1
            progress.answered = record.offset + 1
        self.writing += written
        progress.n, progress.at, progress.accepted = n, at, dense.last
        progress.next_input = records[-1].offset + 1
        outputs: Outputs = {(self.output_topic, self.place.partition): written}
        if letters:
            outputs[topics.DEAD_LETTERS, 0] = letters
        return outputs

    def _after_reading_on(
        self,
        account: posting.Account | None,
        lookup: posting.Lookup,
        instruction: Instruction,
        place: tuple[int, str, int],
    ) -> Entry:
        """Decide an instruction that knows more decisions than were applied so far.

        `place`: n, source and time of the entry. One that knows decisions nobody has made
        is forged; its account shows so and moves no money.
        """
        n, source, at = place
        seen = self.processor.refreshed(self._follower)
        try:
            return posting.decide(
                account,
                lookup,
                instruction,
                n=n,
                source=source,
                at=at,
                directory=self._follower.directory,
            )
        except DirectoryBehind as problem:
            return Entry(
                n=n,
                source=source,
                partner=instruction.partner,
                at=at,
                kind="no_effect",
                program=instruction.program,
                reason=f"known {problem.known} is ahead of the {seen} decisions",
                previous="" if account is None else account.head,
            )

    def _load(self, key: bytes) -> msgspec.Struct | None:
        found = self.state.get(key)
        value: msgspec.Struct | None = None
        if found is not None:
            value = (self._decode_account if key[:2] == b"a/" else self._decode_item)(found)
        self.values[key] = value
        return value

    def _evolve_from(self, output: Entry, value: bytes) -> None:
        account_key = b"a/" + output.partner.encode()
        account = self.values.get(account_key) or self._load(account_key)
        prefix = f"i/{output.partner}/"

        def lookup(key: str) -> posting.Item | None:
            book = (prefix + key).encode()
            return self.values.get(book) or self._load(book)  # type: ignore[return-value]

        self.values[account_key], items = posting.evolve(account, lookup, output, value)  # type: ignore[arg-type]
        self.changed.add(account_key)
        for key, item in items.items():
            book = (prefix + key).encode()
            self.values[book] = item
            self.changed.add(book)
        self.progress.at = output.at

    def _skip(self, batches: Iterator[Sequence[Record]]) -> None:
        """Accept once more, without an entry, what was accepted before."""
        dense = Dense(self.progress.accepted)
        for record in chain.from_iterable(batches):
            try:
                instruction: Instruction = decode(topics.INSTRUCTIONS, record.value or b"")
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            dense.judge(instruction.source, instruction.n)
        self.progress.accepted = dense.last
