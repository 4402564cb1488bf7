"""An account's entries, booked again from its own instructions, byte for byte.

What the records of others decide is taken from the entry and checked as far as one account
can tell: its number `n`, which rises with the offsets and counts no more entries than stand
before it, and its time `at`, which is that of its instruction unless an earlier instruction
of the partition was stamped later.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from audit.account_proof.copies import in_order
from audit.account_proof.evidence import Evidence
from audit.account_proof.proved import Booked
from audit.account_proof.routed import OwnInstructions
from audit.decided import Decided
from audit.difference import AuditFailed, Difference, altered, foreign, text, wrong_key
from audit.payout_proof import ProvedEntry
from audit.refold_journal import not_balanced
from audit.relayed import split_source
from events import topics
from events.codec import UnreadableRecord, decode_record, encode
from events.instructions import Instruction
from events.journal import Entry
from events.position import Record
from projections import account
from projections.directory import DirectoryBehind


class OwnEntries:
    """The records of `journal` that are one partner's."""

    def __init__(self, partner: str, home: int, records: Iterable[Record]) -> None:
        self.copies: dict[int, list[Record]] = {}
        """Number → the entry's record and the repeats of it, in order."""
        self.unreadable: list[str] = []
        stream = f"{topics.INSTRUCTIONS}/{home}"
        for record in records:
            try:
                entry: Entry = decode_record(record)
            except UnreadableRecord:
                self.unreadable.append(str(record.position))
                continue
            if entry.partner != partner or record.key != partner.encode():
                raise AuditFailed(wrong_key(record, entry.partner.encode(), "its partner "))
            if split_source(entry.source)[0] != stream:
                detail = (
                    f"cites {entry.source!r}; what stands here is made from {stream}: "
                    "a record without an input"
                )
                raise AuditFailed(foreign(record, detail))
            self.copies.setdefault(entry.n, []).append(record)

    def answered(self) -> set[str]:
        """Positions of the instructions that some entry books."""
        return {decode_record(copy).source for held in self.copies.values() for copy in held}


class _State(Struct):
    """The account as it was booked again so far."""

    held: account.Account | None = None
    items: dict[str, account.Item] = field(default_factory=dict)
    at: int = 0
    offset: int = -1
    """Of the last instruction booked."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Source partition → number of its last instruction booked."""


def book_account(
    evidence: Evidence, decided: Decided, own: OwnInstructions, entries: OwnEntries
) -> list[Booked]:
    """Every entry of the account, booked again; raises AuditFailed at the first difference."""
    _none_unanswered(own, entries)
    state = _State()
    booked = []
    for n, record in in_order(entries.copies):
        said: Entry = decode_record(record)
        _, offset = split_source(said.source)
        if offset not in own.at:
            raise AuditFailed(_without_input(record, said, own))
        instruction_record, instruction = own.at[offset]
        _check_order(record, said, instruction_record, instruction, state)
        at = _time(evidence, record, said, instruction_record, state)
        entry = _decide(decided, state, instruction_record, instruction, n, at)
        value = encode(entry)
        if value != record.value:
            raise AuditFailed(altered(record, value, f"made from {said.source}"))
        if totals := not_balanced(entry):
            detail = f"its legs sum to {totals}"
            found = text(record.value)
            raise AuditFailed(Difference("unbalanced", str(record.position), detail, found=found))
        state.held, changed = account.evolve(state.held, state.items.get, entry, value)
        state.items.update(changed)
        state.at, state.offset = at, offset
        booked.append(_booked(record, entry, instruction_record, instruction, entries))
    return booked


def _check_order(
    record: Record, said: Entry, source: Record, instruction: Instruction, state: _State
) -> None:
    """Instructions are booked in their order, each once."""
    stream, _ = split_source(instruction.source)
    position = str(record.position)
    if source.offset <= state.offset or instruction.n <= state.numbers.get(stream, -1):
        detail = f"books {said.source}, which was booked or passed over before: without an input"
        raise AuditFailed(foreign(record, detail))
    if not 0 <= said.n <= min(record.offset, source.offset):
        detail = f"its number is {said.n}; so many cannot have come before it"
        raise AuditFailed(Difference("altered", position, detail, found=text(record.value)))
    state.numbers[stream] = instruction.n


def _time(evidence: Evidence, record: Record, said: Entry, source: Record, state: _State) -> int:
    """The entry's own time, where it may have it; raises AuditFailed where it may not."""
    earliest = max(state.at, source.recorded_at)
    if said.at == earliest:
        return said.at
    if said.at > earliest and evidence.stamped(source.partition, source.offset, said.at):
        return said.at
    detail = (
        f"field at: it says {said.at}; its instruction {source.position} was recorded at "
        f"{source.recorded_at}"
    )
    if said.at > earliest:
        detail += ", and no earlier one at the time it says"
    elif earliest != source.recorded_at:
        detail += f", and the account's entry before it is of {state.at}"
    raise AuditFailed(
        Difference("altered", str(record.position), detail, str(earliest), str(said.at))
    )


def _decide(
    decided: Decided,
    state: _State,
    record: Record,
    instruction: Instruction,
    n: int,
    at: int,
) -> Entry:
    source = str(record.position)
    try:
        return account.decide(
            state.held,
            state.items.get,
            instruction,
            n=n,
            source=source,
            at=at,
            directory=decided.directory,
        )
    except DirectoryBehind as behind:
        raise AuditFailed(
            foreign(
                record,
                f"knows {behind.known} decisions; the log has {decided.directory.count}: "
                "an instruction nothing can have given",
            )
        ) from None


def _booked(
    record: Record,
    entry: Entry,
    instruction_record: Record,
    instruction: Instruction,
    entries: OwnEntries,
) -> Booked:
    by_conversion = instruction.source.startswith(f"{topics.ATTRIBUTIONS}/")
    copies = [copy for copy in entries.copies[entry.n] if copy.value == record.value]
    return Booked(
        record=record,
        instruction=instruction,
        instruction_record=instruction_record,
        proved=ProvedEntry(
            position=str(record.position),
            entry=entry,
            instruction=str(instruction_record.position),
            attribution=instruction.source if by_conversion else "",
            method=getattr(instruction, "method", ""),
        ),
        copies=tuple(str(copy.position) for copy in copies),
    )


def _without_input(record: Record, said: Entry, own: OwnInstructions) -> Difference:
    detail = f"books {said.source}, which is no instruction of {own.partner}"
    if own.unreadable:
        detail += f"; {own.unreadable[0]} cannot be read: is it that record, damaged?"
    return foreign(record, f"{detail}: a record without an input")


def _none_unanswered(own: OwnInstructions, entries: OwnEntries) -> None:
    """Raises AuditFailed for an instruction that no entry books, not as any of its copies."""
    answered = entries.answered()
    for copies in own.copies.values():
        if any(str(record.position) in answered for record in copies):
            continue
        detail = "its entry is not in the log"
        if entries.unreadable:
            detail += f"; {entries.unreadable[0]} cannot be read: is it that record, damaged?"
        else:
            detail += ": not booked yet (is a worker running?) or removed"
        record = copies[0]
        expected = text(record.value)
        raise AuditFailed(Difference("missing", str(record.position), detail, expected))
