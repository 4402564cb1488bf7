"""The journal booked again: each accepted instruction's entry must be the one in the log."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import partial

from audit.decided import Decided
from audit.difference import AuditFailed, Difference, foreign, text, wrong_key
from audit.relayed import no_source
from audit.written import Written
from events.codec import UnreadableRecord, decode_record, encode
from events.first_wins import Dense, Verdict
from events.instructions import Instruction, PayoutDue
from events.journal import Entry
from events.position import Record
from projections import account
from projections.directory import DirectoryBehind


class AcceptedInstructions:
    """The accepted instructions of one partition, in order, with the time they count from."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self.read = 0
        self.accepted = 0
        self.end = 0
        """The offset after the last record read."""
        self.repeats = 0
        self.unreadable: list[str] = []
        self.ahead: list[str] = []
        self.contradictions: list[str] = []
        """Positions of repeats whose content differs from the accepted record."""
        self._seen: dict[str, array[int]] = {}
        """Source partition → hash of each accepted record."""

    def __iter__(self) -> Iterator[tuple[int, int, Record, Instruction]]:
        """(n of the entry it gives, its time in ms, record, instruction)."""
        dense = Dense()
        at = 0
        for record in self._records:
            self.read += 1
            self.end = record.offset + 1
            try:
                instruction: Instruction = decode_record(record)
            except UnreadableRecord:
                self.unreadable.append(str(record.position))
                continue
            stream, slash, _ = instruction.source.rpartition("/")
            if not slash:
                raise AuditFailed(_no_position(record, instruction))
            verdict = dense.judge(instruction.source, instruction.n)
            if verdict is Verdict.REPEATED:
                self._repeat(record, stream, instruction.n)
                continue
            if verdict is Verdict.AHEAD:
                self.ahead.append(str(record.position))
                continue
            self._seen.setdefault(stream, array("q")).append(hash(record.value))
            at = max(at, record.recorded_at)
            self.accepted += 1
            yield self.accepted - 1, at, record, instruction

    def _repeat(self, record: Record, stream: str, n: int) -> None:
        self.repeats += 1
        if n < 0 or self._seen[stream][n] != hash(record.value):
            self.contradictions.append(str(record.position))


def refold_journal(
    instructions: AcceptedInstructions, written: Written, decided: Decided
) -> Iterator[tuple[Record, Entry, Record, Instruction]]:
    """Every entry of one partition, proved: (its record, the entry, its instruction's both).

    Raises AuditFailed at the first that differs.
    """
    accounts: dict[str, account.Account] = {}
    items: dict[tuple[str, str], account.Item] = {}
    directory = decided.directory
    owner = ""

    def lookup(key: str) -> account.Item | None:
        return items.get((owner, key))

    for n, at, record, instruction in instructions:
        owner = instruction.partner
        owner_key = owner.encode()
        if record.key != owner_key:
            raise AuditFailed(wrong_key(record, owner.encode(), "its partner "))
        known = getattr(instruction, "known", 0)
        if known > decided.directory.count:
            decided.read_on()
            if known > decided.directory.count:
                raise AuditFailed(_knows_too_much(record, known, decided))
        if isinstance(instruction, PayoutDue) and instruction.number > decided.directory.count:
            decided.read_on()
            if instruction.number > decided.directory.count:
                raise AuditFailed(no_source(record, instruction))
        source = f"{record.topic}/{record.partition}/{record.offset}"
        held = accounts.get(owner)
        decide = partial(account.decide, held, lookup, instruction, n=n, source=source, at=at)
        try:
            entry = decide(directory=directory)
        except DirectoryBehind:  # by a review or a payout, which names no `known`
            decided.read_on()
            try:
                entry = decide(directory=directory)
            except DirectoryBehind as behind:
                raise AuditFailed(_knows_too_much(record, behind.known, decided)) from None
        value = encode(entry)
        found = written.next(value, n, source, owner_key)
        if not_balanced(entry):
            raise AuditFailed(_unbalanced(found, entry))
        accounts[owner], changed = account.evolve(held, lookup, entry, value)
        items.update({(owner, key): item for key, item in changed.items()})
        yield found, entry, record, instruction


def not_balanced(entry: Entry) -> dict[str, int]:
    """The units in which the entry's legs do not sum to zero, and what they sum to."""
    totals: dict[str, int] = {}
    for leg in entry.legs:
        unit = leg.unit or entry.unit
        totals[unit] = totals.get(unit, 0) + leg.amount
    return {unit: total for unit, total in totals.items() if total}


def _no_position(record: Record, instruction: Instruction) -> Difference:
    detail = f"cites {instruction.source!r}, which is no position: an instruction without a source"
    return foreign(record, detail)


def _knows_too_much(record: Record, known: int, decided: Decided) -> Difference:
    return foreign(
        record,
        f"knows {known} decisions; the log has {decided.directory.count}: "
        "an instruction nothing can have given",
    )


def _unbalanced(found: Record, entry: Entry) -> Difference:
    totals = ", ".join(f"{total} {unit}" for unit, total in not_balanced(entry).items())
    detail = f"its legs sum to {totals}"
    return Difference("unbalanced", str(found.position), detail, found=text(found.value))
