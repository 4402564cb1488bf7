"""Round two of a replay: a partition of `instructions` booked again into the journal."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from audit.decided import Decided
from audit.difference import AuditFailed, Difference, text
from audit.log import Log, read_patiently
from audit.read import Progress, Read, counted
from audit.refold_journal import AcceptedInstructions, refold_journal
from audit.relayed import Stream, Sums, Totals, stream_of
from audit.written import Inputs, Written
from events import topics
from events.position import Position, Record


class ProvedJournal(Struct):
    read: Read
    relayed: Totals
    """What came into this partition, by stream, from the sources as far as they were read."""
    instructions: int
    entries: int
    trial_balance: dict[str, dict[str, int]]
    """Unit → account → sum of its legs, minor units."""


def prove_journal(
    log: Log,
    decided: Decided,
    partition: int,
    routed: Totals,
    read_to: dict[str, int],
    patience: float,
    progress: Progress,
) -> ProvedJournal:
    """Book the instructions of a partition again, and compare.

    `routed`: what must have come, by stream; `read_to`: source partition → the offset up
    to which it was read.
    """
    read = Read()
    sums = Sums()
    trial: dict[str, dict[str, int]] = {}
    entries = 0
    awaited = {stream: count for stream, (count, _) in routed.items() if stream.target == partition}
    arriving = read_patiently(
        log,
        topics.INSTRUCTIONS,
        partition,
        patience,
        enough=lambda: all(sums.count(stream) >= count for stream, count in awaited.items()),
    )
    instructions = AcceptedInstructions(counted(arriving, progress))
    found = read_patiently(
        log, topics.JOURNAL, partition, patience, enough=lambda: entries >= instructions.accepted
    )
    written = Written(counted(found, progress))
    try:
        for _, entry, record, instruction in refold_journal(instructions, written, decided):
            entries += 1
            stream = stream_of(instruction, partition)
            source = Position.parse(instruction.source)
            if source.offset < read_to.get(stream.source, 0):
                sums.add(stream, record.value or b"")
            else:
                _came_later(log, source, record)
            if entry.legs:
                accounts = trial.setdefault(entry.unit, {})
                for leg in entry.legs:
                    accounts[leg.account] = accounts.get(leg.account, 0) + leg.amount
        written.finish(
            instructions.accepted,
            Inputs(instructions.end, log.ends(topics.INSTRUCTIONS)[partition]),
        )
    except AuditFailed as failed:
        read.differences.append(failed.difference)
    read.records = instructions.read
    read.repeats = instructions.repeats
    read.unreadable += instructions.unreadable
    read.add_written(written)
    return ProvedJournal(read, sums.totals(), instructions.accepted, entries, trial)


def relayed_records(log: Log, stream: Stream, read_to: int) -> Iterator[Record]:
    """The accepted instructions of one stream, from its source below offset `read_to`."""
    records = log.read(topics.INSTRUCTIONS, stream.target)
    for _, _, record, instruction in AcceptedInstructions(records):
        same = stream_of(instruction, stream.target) == stream
        if same and Position.parse(instruction.source).offset < read_to:
            yield record


def _came_later(log: Log, source: Position, record: Record) -> None:
    """An instruction from beyond what was read must have a source all the same."""
    known = source.topic in (topics.ATTRIBUTIONS, topics.DECISIONS)
    if not known or source.offset >= log.ends(source.topic).get(source.partition, 0):
        raise AuditFailed(
            Difference(
                "foreign",
                str(record.position),
                f"cites {source}, which is not in the log: an instruction without a source",
                found=text(record.value),
            )
        )
