"""Round two of a what-if: a partition of `instructions` booked both ways."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from audit.log import Log, read_patiently
from audit.read import Progress, counted
from audit.refold_journal import AcceptedInstructions, refold_journal
from audit.relayed import split_source
from audit.what_if.changes import DROPPED, Added, Changes, Waiting
from audit.what_if.compare import Compared, compare
from audit.what_if.question import OtherDirectory, Question
from audit.what_if.reviews import ReviewedBothWays
from audit.what_if.sums import Booked
from audit.written import Written
from events import topics
from events.codec import decode, encode
from events.instructions import Instruction
from events.journal import Entry
from projections import account
from projections.routing import UNNUMBERED

Watch = Callable[[Instruction, Entry], None]
"""Shown every entry of the other side, in the order of its account."""

DECISIONS = f"{topics.DECISIONS}/0"


class ReadTo(Struct):
    """How far the sources of instructions were read before round two began."""

    decisions: int
    """Offset after the last record of `decisions`."""
    routed: dict[int, int]
    """Partition of `attributions` → instructions it put into this partition."""

    def covers(self, source: str, n: int) -> bool:
        """Whether the instruction number `n` of the record at `source` is of what was read."""
        stream, offset = split_source(source)
        if stream == DECISIONS:
            return offset < self.decisions
        return n < self.routed.get(int(stream.rpartition("/")[2]), 0)


class BothWays(Struct):
    """What round two learned of a partition."""

    partition: int
    records: int = 0
    instructions: int = 0
    compared: Compared = field(default_factory=Compared)


def book_both_ways(
    log: Log,
    decided: Decided,
    question: Question,
    partition: int,
    changes: list[Changes],
    decisions: int,
    patience: float,
    progress: Progress,
    watch: Watch = lambda instruction, entry: None,
) -> BothWays:
    """Book a partition of `instructions` as it was and as it would have been. Raises AuditFailed
    where the journal says other than what follows from the log, or where an attribution was not
    relayed yet.

    `changes`: those of each partition of `attributions` for this one. `decisions`: up to which
    offset decisions count.
    """
    bound = ReadTo(decisions, {one.partition: one.routed for one in changes})
    seen: dict[int, int] = {}
    entries = 0

    def relayed() -> bool:
        return all(seen.get(source, 0) >= count for source, count in bound.routed.items())

    arriving = read_patiently(log, topics.INSTRUCTIONS, partition, patience, relayed)
    instructions = AcceptedInstructions(counted(arriving, progress))
    found = read_patiently(
        log, topics.JOURNAL, partition, patience, lambda: entries >= instructions.accepted
    )
    written = Written(counted(found, progress), f"{topics.INSTRUCTIONS}/{partition}")
    actual, other = Booked(), Booked()
    reviews = ReviewedBothWays()
    book = OtherBook(question, decided, changes, other, watch)
    for _, entry, _, instruction in refold_journal(instructions, written, decided):
        if not bound.covers(instruction.source, instruction.n):
            break
        entries += 1
        stream, _ = split_source(instruction.source)
        source = -1 if stream == DECISIONS else int(stream.rpartition("/")[2])
        book.come_to(entry.at, seen, source, instruction.n)
        if instruction.program in question.programs:
            actual.add(instruction, entry)
            would = book.take(entry, instruction)
            if source < 0:
                reviews.see(instruction, entry, would)
        if source >= 0:
            seen[source] = instruction.n + 1
    if not relayed():
        raise AuditFailed(_not_relayed(bound, seen, partition))
    book.end()
    return BothWays(
        partition,
        instructions.read + written.read,
        entries,
        compare(question, decided.directory, actual, other, book.credited, reviews.changed),
    )


class OtherBook:
    """The accounts of a partition as they would have been."""

    def __init__(
        self,
        question: Question,
        decided: Decided,
        changes: list[Changes],
        sums: Booked,
        watch: Watch = lambda instruction, entry: None,
    ) -> None:
        self._decided = decided
        self._terms = OtherDirectory(question, decided)
        self._replaced = {f"{topics.ATTRIBUTIONS}/{one.partition}": one.replaced for one in changes}
        self._waiting = Waiting(changes)
        self._sums = sums
        self._watch = watch
        self._accounts: dict[str, account.Account] = {}
        self._items: dict[tuple[str, str], account.Item] = {}
        self._at = 0
        self.credited: dict[str, tuple[str, str]] = {}
        for one in changes:
            self.credited.update(one.credited)

    def come_to(self, at: int, seen: dict[int, int], source: int, n: int) -> None:
        """Post what history does not have and comes before its next instruction, at `at` (ms);
        see `changes.Waiting.before`."""
        if self._waiting.left:
            for added in self._waiting.before(at, seen, source, n):
                self._post_added(added, at)
        self._at = at

    def take(self, entry: Entry, instruction: Instruction) -> Entry | None:
        """The entry in the place of `entry`, which answers `instruction`; None: there is none."""
        replaced = self._replaced.get(instruction.source.rpartition("/")[0])
        if replaced:
            value = replaced.get(instruction.n)
            if value == DROPPED:
                return None
            if value is not None:
                instruction = decode(topics.INSTRUCTIONS, value)
        return self._post(instruction, entry.n, entry.source, entry.at)

    def end(self) -> None:
        """Post what comes after the last instruction of the log."""
        for added in self._waiting.rest():
            self._post_added(added, added.at)

    def _post_added(self, added: Added, latest: int) -> None:
        instruction: Instruction = decode(topics.INSTRUCTIONS, added.value)
        self._at = max(self._at, min(added.at, latest))
        self._post(instruction, UNNUMBERED, instruction.source, self._at)

    def _post(self, instruction: Instruction, n: int, source: str, at: int) -> Entry:
        if self._terms.directory.count < self._decided.directory.count:
            self._terms.catch_up()
        owner = instruction.partner
        items = self._items

        def lookup(key: str) -> account.Item | None:
            return items.get((owner, key))

        held = self._accounts.get(owner)
        entry = account.decide(
            held, lookup, instruction, n=n, source=source, at=at, directory=self._terms.directory
        )
        self._accounts[owner], changed = account.evolve(held, lookup, entry, encode(entry))
        for key, item in changed.items():
            items[owner, key] = item
        self._sums.add(instruction, entry)
        self._watch(instruction, entry)
        return entry


def _not_relayed(bound: ReadTo, seen: dict[int, int], partition: int) -> Difference:
    source = min(one for one, count in bound.routed.items() if seen.get(one, 0) < count)
    return Difference(
        "missing",
        f"{topics.ATTRIBUTIONS}/{source}",
        f"instruction number {seen.get(source, 0)} of this source for {topics.INSTRUCTIONS}/"
        f"{partition} is not in the log: not relayed yet (is a worker running?) or removed",
    )
