"""Round two of a replay: a partition of `instructions` booked again into the journal."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from audit.checkpoints import TreeCheck
from audit.decided import Decided
from audit.difference import AuditFailed
from audit.log import Log, read_patiently
from audit.outcomes import Answer, answer_of
from audit.read import Progress, Read, counted
from audit.refold_journal import AcceptedInstructions, refold_journal
from audit.relayed import Due, Stream, Sums, Totals, no_source, split_source
from audit.scope import WHOLE, Scope
from audit.written import Inputs, Written
from events import topics
from events.position import Record


class ProvedJournal(Struct):
    """What round two learned of a partition of `instructions`."""

    read: Read
    relayed: Totals
    """What came into this partition, by stream, from the sources as far as they were read."""
    instructions: int
    entries: int
    trial_balance: dict[str, dict[str, int]]
    """Unit → account → sum of its legs, minor units."""
    answers: dict[str, Answer]
    """Payout → what the journal said to its request."""
    partition: int


def prove_journal(
    log: Log,
    decided: Decided,
    partition: int,
    due: Due,
    patience: float,
    progress: Progress,
    scope: Scope = WHOLE,
) -> ProvedJournal:
    """Book the instructions of a partition again, and compare.

    All of them, for an entry's number counts all of its partition; what is within `scope` is
    held against what was routed, and counted.
    """
    read = Read()
    sums = Sums()
    trial: dict[str, dict[str, int]] = {}
    answers: dict[str, Answer] = {}
    whole = scope.whole
    booked = entries = 0
    """Of all accounts, and of those within the scope."""
    tree = TreeCheck(decided, f"{topics.JOURNAL}/{partition}")
    known_before = due.ends[partition]
    unproved = _unproved_sources(log, due)
    awaited = {
        stream: count for stream, (count, _) in due.routed.items() if stream.target == partition
    }
    arriving = read_patiently(
        log,
        topics.INSTRUCTIONS,
        partition,
        patience,
        enough=lambda: all(sums.count(stream) >= count for stream, count in awaited.items()),
    )
    instructions = AcceptedInstructions(counted(arriving, progress))
    found = read_patiently(
        log, topics.JOURNAL, partition, patience, enough=lambda: booked >= instructions.accepted
    )
    written = Written(counted(found, progress), f"{topics.INSTRUCTIONS}/{partition}")
    try:
        for posted, entry, record, instruction in refold_journal(instructions, written, decided):
            booked += 1
            tree.take(posted.value or b"", posted.offset)
            if not whole and not scope.covers(instruction.partner, instruction.program):
                continue
            entries += 1
            source, offset = split_source(instruction.source)
            bound = due.read_to.get(source)
            if bound is not None and offset < bound.offset:
                value = record.value if whole else scope.as_routed(record, instruction)
                sums.add(Stream(source, partition), value or b"")
            elif record.offset < known_before and source not in unproved:
                raise AuditFailed(no_source(record, instruction))
            if answer := answer_of(entry, str(posted.position)):
                answers[entry.payout] = answer
            for leg in entry.legs:
                accounts = trial.setdefault(leg.unit or entry.unit, {})
                accounts[leg.account] = accounts.get(leg.account, 0) + leg.amount
        written.finish(
            instructions.accepted,
            Inputs(instructions.end, lambda: log.ends(topics.INSTRUCTIONS)[partition]),
        )
        read.as_signed += tree.as_signed()
    except AuditFailed as failed:
        read.differences.append(failed.difference)
    read.records = instructions.read
    read.repeats = instructions.repeats
    read.contradictions += instructions.contradictions
    read.unreadable += instructions.unreadable
    read.add_written(written)
    accepted = instructions.accepted if whole else entries
    return ProvedJournal(read, sums.totals(), accepted, entries, trial, answers, partition)


def relayed_records(
    log: Log, stream: Stream, read_to: int, scope: Scope = WHOLE
) -> Iterator[Record]:
    """The accepted instructions of one stream, from its source below offset `read_to`; of a
    part of the ledger, without their numbers."""
    records = log.read(topics.INSTRUCTIONS, stream.target)
    for _, _, record, instruction in AcceptedInstructions(records):
        source, offset = split_source(instruction.source)
        if source != stream.source or offset >= read_to:
            continue
        if scope.whole:
            yield record
        elif scope.covers(instruction.partner, instruction.program):
            yield record._replace(value=scope.unnumbered(instruction))


def _unproved_sources(log: Log, due: Due) -> frozenset[str]:
    """The partitions of `attributions` that round one met a difference in."""
    partitions = range(log.partitions(topics.ATTRIBUTIONS))
    return frozenset(f"{topics.ATTRIBUTIONS}/{p}" for p in partitions) - due.read_to.keys()
