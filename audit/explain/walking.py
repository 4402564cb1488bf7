"""The steps of one conversion and one entry, found in the log and decided again.

From a conversion down: its attribution, the instructions that gives, the entries that book
them. From an entry up: the same way back. Only the customer's and the partner's own records
are folded, so it is quick where a whole audit is thorough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from audit.decided import Decided
from audit.explain.rate_reasons import Rates
from audit.log import Log
from audit.read import Progress, counted
from events import first_wins, topics
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode_record, encode
from events.conversions import Conversion
from events.instructions import CommissionDue, Instruction
from events.journal import Entry
from events.partitioning import partition_of
from events.position import Record
from projections import account, attribution
from projections.directory import DirectoryBehind
from projections.posted import Posted, accepted
from projections.tally import NO_COUNTERS, Tally, tally_key


class Attributed(NamedTuple):
    """A conversion with what was decided of it."""

    conversion: Conversion
    before: attribution.Customer | None
    """What was known of the customer."""
    found: Attribution
    position: str
    """Of the attribution; empty while there is none."""
    agrees: bool
    """Whether the log says what is decided now."""


class Booked(NamedTuple):
    """An entry with what it was booked from."""

    posted: Posted
    instruction: Instruction
    agrees: bool
    rates: Rates | None
    """The rules that paid a lead or deal, with the partner's counters before it."""


def attributed(
    log: Log, decided: Decided, record: Record, conversion: Conversion, progress: Progress
) -> Attributed | None:
    """What became of the conversion in `record`; None while it waits for attribution."""
    found = _attribution_of(log, record, progress)
    if found is None:
        return None
    position, said = found
    customer: attribution.Customer | None = None
    earlier = log.read(topics.CONVERSIONS, record.partition, 0, record.offset)
    for past in counted(earlier, progress):
        if past.key != record.key:
            continue
        try:
            customer = attribution.evolve(
                customer, _decide(past, decode_record(past), customer, decided)
            )
        except (UnreadableRecord, DirectoryBehind):
            continue
    try:
        again = _decide(record, conversion, customer, decided)
    except DirectoryBehind:
        return Attributed(conversion, customer, said, position, False)
    return Attributed(conversion, customer, said, position, encode(again) == encode(said))


def _decide(
    record: Record,
    conversion: Conversion,
    customer: attribution.Customer | None,
    decided: Decided,
) -> Attribution:
    return attribution.decide(
        customer,
        conversion,
        n=record.offset,
        source=str(record.position),
        recorded_at=record.recorded_at,
        directory=decided.directory,
    )


def _attribution_of(log: Log, record: Record, progress: Progress) -> tuple[str, Attribution] | None:
    """The accepted one. It stands at the conversion's own offset or after it."""
    source = str(record.position)
    for found in counted(log.read(topics.ATTRIBUTIONS, record.partition, record.offset), progress):
        try:
            said: Attribution = decode_record(found)
        except UnreadableRecord:
            continue
        if said.source == source and said.n == record.offset:
            return str(found.position), said
    return None


def booked_from(
    log: Log, decided: Decided, partner: str, source: str, progress: Progress
) -> Iterator[Booked]:
    """The partner's entries that book what the record at `source` gave."""
    partition = partition_of(partner, log.partitions(topics.INSTRUCTIONS))
    wanted = {
        str(record.position)
        for record, instruction in instructions(log, partition, progress)
        if instruction.source == source and instruction.partner == partner
    }
    yield from booked(log, decided, partner, lambda entry: entry.source in wanted, progress)


def booked(
    log: Log,
    decided: Decided,
    partner: str,
    wanted: Callable[[Entry], bool],
    progress: Progress,
) -> Iterator[Booked]:
    """The partner's entries that are wanted, each booked again from the account as it was."""
    partition = partition_of(partner, log.partitions(topics.JOURNAL))
    held: account.Account | None = None
    items: dict[str, account.Item] = {}
    for posted in accepted(counted(log.read(topics.JOURNAL, partition), progress)):
        entry = posted.entry
        if entry.partner != partner:
            continue
        if wanted(entry):
            instruction = _instruction_at(log, entry.source)
            if instruction is not None:
                agrees = _agrees(posted, instruction, held, items, decided)
                yield Booked(
                    posted, instruction, agrees, _rates(entry, instruction, items, decided)
                )
        held, changed = account.evolve(held, items.get, entry, posted.value)
        items.update(changed)


def _rates(
    entry: Entry, instruction: Instruction, items: dict[str, account.Item], decided: Decided
) -> Rates | None:
    if not isinstance(instruction, CommissionDue) or not entry.terms_at:
        return None
    tally = items.get(tally_key(entry.program))
    counters = tally.counters if isinstance(tally, Tally) else NO_COUNTERS
    return Rates(decided.directory, instruction, entry.terms_at, counters)


def _agrees(
    posted: Posted,
    instruction: Instruction,
    held: account.Account | None,
    items: dict[str, account.Item],
    decided: Decided,
) -> bool:
    entry = posted.entry
    try:
        again = account.decide(
            held,
            items.get,
            instruction,
            n=entry.n,
            source=entry.source,
            at=entry.at,
            directory=decided.directory,
        )
    except DirectoryBehind:
        return False
    return encode(again) == posted.value


def instructions(
    log: Log, partition: int, progress: Progress
) -> Iterator[tuple[Record, Instruction]]:
    """The accepted instructions of a partition."""
    return first_wins.accepted(counted(log.read(topics.INSTRUCTIONS, partition), progress))


def _instruction_at(log: Log, position: str) -> Instruction | None:
    topic, partition, offset = position.rsplit("/", 2)
    for record in log.read(topic, int(partition), int(offset), int(offset) + 1):
        try:
            found: Instruction = decode_record(record)
        except UnreadableRecord:
            return None
        return found
    return None
