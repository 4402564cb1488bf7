"""Accounts as of a moment, read from the journal, with the times that only instructions have.

Reads each partition's journal once, up to what is known; and of its instructions only the stretch
in which the wanted ones stand, if any are wanted (engine 1, see `projections.effective`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple, Protocol

from events.codec import UnreadableRecord, decode_record
from events.instructions import CommissionDue, RefundDue
from events.journal import Entry
from events.log import partitions, read, read_batches, watermarks
from events.partitioning import partition_of
from events.position import Position, Record
from events.settings import Broker
from events.topics import INSTRUCTIONS, JOURNAL
from projections.as_of import AsOf, Books, Cut
from projections.corrections import Bridge, bridges
from projections.effective import Dated, Dating
from projections.moments import Moment, NotAMoment
from projections.posted import Posted, accepted
from streams.finality import is_final

ASSIGNED = "manual"
"""Method of a credit by which a person gave a deal to a partner (`projections.assignment`)."""


class Advance(Protocol):
    """Told of long reading."""

    def expect(self, total: int) -> None:
        """So many records there are, in all."""

    def __call__(self, more: int) -> None:
        """So many more were read."""


class _Nobody:
    def expect(self, total: int) -> None: ...

    def __call__(self, more: int) -> None: ...


NOBODY: Advance = _Nobody()


class Known(NamedTuple):
    """What is known of the accounts that were asked for. See `projections.as_of`."""

    moment: int
    """T, ms."""
    cuts: dict[int, Cut]
    """Partition → where T and K cut it."""
    before: Books
    """What was recorded before T."""
    late: list[Dated]
    """What was recorded since, is known, and is effective before T."""
    assigned: frozenset[str]
    """Of those: positions of instructions by which a person gave a deal to a partner."""
    final: bool
    """Whether the same question by time will have the same answer for ever."""

    def books(self) -> Books:
        """The accounts as known, effective before T. (`before` is taken along: ask last.)"""
        for dated in self.late:
            self.before.book(dated.posted.entry)
        return self.before

    def bridges(self) -> list[Bridge]:
        """From known then to known now, by account and unit."""
        return bridges(self.before, self.late, self.moment, self.assigned)


def read_partner(
    broker: Broker, partner: str, then: Moment, known: Moment, advance: Advance = NOBODY
) -> Known:
    """What is known of a partner. Raises LogError, NotAMoment for places that are not in the
    partner's partition, and NoTime. `advance` is told what is to be read, and what was."""
    home = partition_of(partner, partitions(broker, JOURNAL))
    return read_known(broker, [home], lambda entry: entry.partner == partner, then, known, advance)


def read_program(
    broker: Broker, program: str, then: Moment, known: Moment, advance: Advance = NOBODY
) -> Known:
    """What is known of all partners of a program. Raises as `read_partner`."""
    every = range(partitions(broker, JOURNAL))
    return read_known(broker, every, lambda entry: entry.program == program, then, known, advance)


def read_known(
    broker: Broker,
    where: Iterable[int],
    wanted: Callable[[Entry], bool],
    then: Moment,
    known: Moment,
    advance: Advance = NOBODY,
) -> Known:
    """What is known of the accounts that `wanted` picks in the partitions `where`."""
    fold = AsOf(then, known)
    cuts = {}
    final = True
    ends = {partition: end for partition, (_, end) in watermarks(broker, JOURNAL).items()}
    where = list(where)
    for moment in (then, known):
        require_places(moment, where, ends)
    advance.expect(sum(ends[partition] for partition in where))
    for partition in where:
        records = _read(broker, partition, ends[partition], advance)
        posted = None
        for posted in accepted(records):
            fold.take(posted, wanted(posted.entry))
        cut = cuts[partition] = fold.cut(partition, ends[partition])
        final &= all(is_final(broker, partition, moment, posted) for moment in cut.ahead)
    booked = {posted.entry.source for posted in fold.since if posted.entry.kind == "commission"}
    told = read_told(broker, fold.instructions() | booked)
    late = fold.late(told.times)
    return Known(fold.moment, cuts, fold.books, late, told.assigned, final)


def _read(broker: Broker, partition: int, end: int, advance: Advance) -> Iterator[Record]:
    for batch in read_batches(broker, JOURNAL, partition, 0, end):
        yield from batch
        advance(len(batch))


def require_places(moment: Moment, where: Collection[int], ends: dict[int, int]) -> None:
    """Raises NotAMoment for places that do not cut the partitions `where`."""
    if moment.places is None:
        return
    named, expected = sorted(moment.places), sorted(where)
    if named != expected:
        raise NotAMoment(
            f"{_partitions(named)} was named; what is asked for is in {_partitions(expected)}: "
            "name a place in each"
        )
    for partition, offset in moment.places.items():
        if offset > ends[partition]:
            raise NotAMoment(
                f"{Position(JOURNAL, partition, offset)} is not written yet: the log ends at "
                f"{Position(JOURNAL, partition, ends[partition])}"
            )


def _partitions(numbers: Iterable[int]) -> str:
    return ", ".join(f"{JOURNAL}/{number}" for number in numbers)


class Told(NamedTuple):
    """What instructions tell of conversions."""

    times: dict[str, int]
    """Position of the instruction → when the conversion happened, ms."""
    assigned: frozenset[str]
    """Positions of those by which a person gave a deal to a partner."""


def read_told(broker: Broker, positions: Collection[str]) -> Told:
    """What the instructions at `positions` tell; those that tell nothing are left out."""
    offsets: dict[int, set[int]] = {}
    for text in positions:
        topic, partition, offset = Position.parse(text)
        if topic == INSTRUCTIONS:
            offsets.setdefault(partition, set()).add(offset)
    times, assigned = {}, set()
    for partition, wanted in sorted(offsets.items()):
        for record in read(broker, INSTRUCTIONS, partition, min(wanted), max(wanted) + 1):
            if record.offset not in wanted:
                continue
            try:
                found = decode_record(record, INSTRUCTIONS)
            except UnreadableRecord:
                continue
            if isinstance(found, CommissionDue | RefundDue):
                times[str(record.position)] = found.occurred_at
            if isinstance(found, CommissionDue) and found.method == ASSIGNED:
                assigned.add(str(record.position))
    return Told(times, frozenset(assigned))


def date(broker: Broker, account: list[Posted]) -> list[Dated]:
    """All entries of an account, each with when it was true. Raises LogError and NoTime."""
    dating = Dating()
    for posted in account:
        dating.see(posted)
    wanted = {source for posted in account if (source := dating.instruction(posted.entry))}
    return dating.dated(account, read_told(broker, wanted).times)
