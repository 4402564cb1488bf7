"""Partners' accounts, booked again: every instruction routed to them, and every entry.

An account stands in one partition, among those of other partners. The partition is booked
again as a whole, for its numbers run through all of them; the partners' own entries are
handed on. That an account stands nowhere else is seen by looking at all other partitions.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct, structs

from audit.decided import Decided
from audit.difference import AuditFailed, Difference, altered, foreign, text
from audit.log import Log, read_patiently
from audit.payout_proof import ProvedEntry
from audit.read import Progress, counted
from audit.refold_journal import AcceptedInstructions, refold_journal
from audit.relayed import no_source
from audit.written import Inputs, Written
from events import topics
from events.codec import UnreadableRecord, decode_record, encode
from events.instructions import Instruction
from events.partitioning import partition_of
from events.position import Record


class RoutedTo:
    """What was routed to partners of one partition and has not been met there yet."""

    def __init__(self, partners: frozenset[str]) -> None:
        self.partners = partners
        self.missing: dict[str, list[Instruction]] = {}
        """By source."""

    def add(self, instructions: tuple[Instruction, ...]) -> None:
        """Expect those of `instructions` that are the partners'."""
        for instruction in instructions:
            if instruction.partner in self.partners:
                self.missing.setdefault(instruction.source, []).append(instruction)

    def take(self, record: Record, instruction: Instruction) -> bool:
        """Whether it was routed here; raises AuditFailed if with other content."""
        left = self.missing.get(instruction.source)
        if not left:
            return False
        expected = structs.replace(left.pop(0), n=instruction.n)
        if not left:
            del self.missing[instruction.source]
        value = encode(expected)
        if value != record.value:
            raise AuditFailed(altered(record, value, f"routed from {instruction.source}"))
        return True

    def none_left(self) -> None:
        """Raises AuditFailed when something that was routed has not been met."""
        for source, left in self.missing.items():
            raise AuditFailed(
                Difference(
                    "missing",
                    source,
                    f"the instruction it gives for partner {left[0].partner} is not in the log: "
                    "not relayed yet (is a worker running?) or removed",
                    expected=text(encode(left[0])),
                )
            )


def book_again(
    log: Log,
    decided: Decided,
    routed: RoutedTo,
    partition: int,
    instructions_end: int,
    patience: float,
    read: Progress,
) -> Iterator[ProvedEntry]:
    """The partners' entries, booked again; what was routed must all be among them.

    `instructions_end`: where the partition ended before anything upstream was read; an
    instruction beyond that may have come since. Raises AuditFailed.
    """
    arriving = read_patiently(
        log, topics.INSTRUCTIONS, partition, patience, enough=lambda: not routed.missing
    )
    instructions = AcceptedInstructions(counted(arriving, read))
    booked = 0
    posted = read_patiently(
        log, topics.JOURNAL, partition, patience, enough=lambda: booked >= instructions.accepted
    )
    written = Written(counted(posted, read), f"{topics.INSTRUCTIONS}/{partition}")
    for found, entry, record, instruction in refold_journal(instructions, written, decided):
        booked += 1
        if instruction.partner not in routed.partners:
            continue
        if not routed.take(record, instruction) and record.offset < instructions_end:
            raise AuditFailed(no_source(record, instruction))
        by_conversion = instruction.source.startswith(f"{topics.ATTRIBUTIONS}/")
        yield ProvedEntry(
            position=str(found.position),
            entry=entry,
            instruction=str(record.position),
            attribution=instruction.source if by_conversion else "",
            method=getattr(instruction, "method", ""),
        )
    inputs = Inputs(instructions.end, lambda: log.ends(topics.INSTRUCTIONS)[partition])
    written.finish(instructions.accepted, inputs)
    routed.none_left()


def nothing_elsewhere(log: Log, partners: frozenset[str], read: Progress) -> None:
    """All of an account stands in one partition of the journal; raises AuditFailed."""
    partitions = log.partitions(topics.JOURNAL)
    homes = {partner: partition_of(partner, partitions) for partner in partners}
    for partition in range(partitions):
        strangers = frozenset(partner for partner, home in homes.items() if home != partition)
        if not strangers:
            continue
        for record in counted(log.read(topics.JOURNAL, partition), read):
            if _partner_of(record) not in strangers:
                continue
            try:
                entry = decode_record(record)
            except UnreadableRecord:
                continue
            home = f"{topics.JOURNAL}/{homes[entry.partner]}"
            detail = f"books for {entry.partner}, whose account is in {home}"
            raise AuditFailed(foreign(record, detail))


class _Named(Struct):
    partner: str


_NAMED = msgspec.json.Decoder(_Named)


def _partner_of(record: Record) -> str:
    """Whom a record of the journal names; empty where it cannot be read."""
    try:
        return _NAMED.decode(record.value or b"").partner
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
