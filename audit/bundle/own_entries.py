"""The partner's entries booked again, where some of them, or what they rest on, is withheld.

A withheld entry moves the account by its stated effect. A shown one whose instruction is
withheld is taken as it says. Whatever is taken so is held against the chain of hashes, the
order of numbers and times, and the sums: legs give nothing away, balances follow from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.bundle.contents import Contents
from audit.bundle.effect import Effect, effect_of, head_of, moved
from audit.bundle.format import Line, Shown, Withheld
from audit.bundle.own_attributions import decoded
from audit.bundle.own_balance import check_balance
from audit.bundle.steps import Steps
from audit.decided import Decided
from audit.difference import AuditFailed, Difference, altered, foreign, wrong_key
from audit.payout_proof import ProvedEntry
from events import topics
from events.codec import decode_record, encode
from events.instructions import Instruction
from events.journal import Entry
from events.position import Record
from projections import account
from projections.booked import conversion_key, item_key
from projections.directory import DirectoryBehind

WITHHELD_ENTRY = "its record names others; only its effect is stated"


class OwnAccount:
    """The account of the bundle's partner, booked entry by entry."""

    def __init__(self, contents: Contents, decided: Decided, steps: Steps) -> None:
        self._partner = contents.partner
        self._stamps = contents.stamps
        self._decided = decided
        self._steps = steps
        self._instructions: dict[str, Line] = {
            line.position: line for line in contents.lines[topics.INSTRUCTIONS]
        }
        self._unbooked = list(self._instructions)
        self._held: account.Account | None = None
        self._items: dict[str, account.Item] = {}
        self._unknown: set[str] = set()
        """Keys of items that a withheld entry changed."""
        self._touched: list[str] = []
        self._n = -1
        self._at = 0

    def book(self, lines: Sequence[Line]) -> list[ProvedEntry]:
        """All entries, in order; raises AuditFailed at the first difference."""
        booked = [self._book(line) for line in lines]
        for position in self._unbooked:
            detail = "its entry is not in the bundle: removed, or cut off"
            raise AuditFailed(Difference("missing", position, detail))
        return booked

    def _book(self, line: Line) -> ProvedEntry:
        if isinstance(line, Withheld):
            return self._withheld(line)
        record = line.record
        entry: Entry = decoded(record)
        if entry.partner != self._partner or record.key != self._partner.encode():
            raise AuditFailed(wrong_key(record, self._partner.encode(), "its partner "))
        instruction = self._take(line, entry.n, entry.source)
        self._check_chain(record, entry)
        self._check_time(line, instruction, entry.at)
        method, source = self._decide(line, record, entry, instruction)
        self._evolve(record, entry)
        check_balance(self._held, line, entry)
        by_conversion = source.startswith(f"{topics.ATTRIBUTIONS}/")
        return ProvedEntry(
            position=line.position,
            entry=entry,
            instruction=entry.source,
            attribution=source if by_conversion else "",
            method=method,
        )

    def _withheld(self, line: Withheld) -> ProvedEntry:
        effect = line.effect
        if effect is None:
            detail = "is withheld without its effect on the account"
            raise AuditFailed(Difference("altered", line.position, detail))
        instruction = self._take(line, effect.n, effect.source)
        self._check_time(line, instruction, effect.at)
        self._move(effect, line.sha256)
        entry = effect.entry(self._partner)
        check_balance(self._held, line, entry)
        self._steps.rest("entry", line.position, WITHHELD_ENTRY)
        return ProvedEntry(position=line.position, entry=entry, instruction=effect.source)

    def _take(self, line: Line, n: int, source: str) -> Line:
        """The instruction of the entry numbered `n`: the next one, and no other."""
        if n <= self._n or n > line.offset:
            detail = f"its number is {n}, after {self._n}: swapped, repeated or moved"
            raise AuditFailed(Difference("altered", line.position, detail))
        if source not in self._instructions:
            detail = f"books {source}, which is not in the bundle: a record without an input"
            raise AuditFailed(Difference("foreign", line.position, detail))
        if not self._unbooked or self._unbooked[0] != source:
            if source not in self._unbooked:
                detail = f"books {source}, which was booked before: a record without an input"
                raise AuditFailed(Difference("foreign", line.position, detail))
            detail = "its entry is not in the bundle before that of a later instruction: removed"
            raise AuditFailed(Difference("missing", self._unbooked[0], detail))
        self._n = n
        return self._instructions[self._unbooked.pop(0)]

    def _check_chain(self, record: Record, entry: Entry) -> None:
        head = "" if self._held is None else self._held.head
        if entry.previous != head:
            detail = (
                "field previous: the hash chain is broken before it; an entry was altered, "
                "removed or added"
            )
            raise AuditFailed(Difference("altered", str(record.position), detail, head,
                                         entry.previous))  # fmt: skip

    def _check_time(self, line: Line, instruction: Line, at: int) -> None:
        """An entry has its instruction's time, or a later one that stands before that."""
        earliest = self._at
        if isinstance(instruction, Shown):
            earliest = max(earliest, instruction.recorded_at)
            borrowed = any(
                (partition, before) == (instruction.partition, instruction.offset) and at == time
                for partition, before, time in self._stamps
            )
            if at != earliest and not borrowed:
                detail = f"field at: its instruction was recorded at {instruction.recorded_at}"
                raise AuditFailed(
                    Difference("altered", line.position, detail, str(earliest), str(at))
                )
        if at < earliest:
            detail = f"field at: the account's entry before it is of {self._at}"
            raise AuditFailed(Difference("altered", line.position, detail, str(earliest), str(at)))
        self._at = at

    def _decide(self, line: Line, record: Record, entry: Entry, source: Line) -> tuple[str, str]:
        """Decide the entry again where that can be; (method, source) of its instruction."""
        if isinstance(source, Withheld):
            self._steps.rest(
                "entry", line.position, f"its instruction is withheld: {source.position}"
            )
            return "", ""
        instruction: Instruction = decode_record(source.record)
        found = getattr(instruction, "method", ""), instruction.source
        if self._steps.declared("entry", line.position):
            return found
        self._touched.clear()
        try:
            expected = account.decide(
                self._held,
                self._lookup,
                instruction,
                n=entry.n,
                source=source.position,
                at=entry.at,
                directory=self._decided.directory,
            )
        except DirectoryBehind as behind:
            detail = (
                f"knows {behind.known} decisions; the bundle has {self._decided.directory.count}"
            )
            raise AuditFailed(foreign(source.record, detail)) from None
        value = encode(expected)
        if self._touched:
            why = "a withheld entry changed what it rests on"
            self._steps.rest("entry", line.position, why)
        elif value != record.value:
            made = f"made from {source.position}"
            self._steps.differs("entry", line.position, altered(record, value, made))
        else:
            self._steps.decided("entry")
        return found

    def _lookup(self, key: str) -> account.Item | None:
        if key in self._unknown:
            self._touched.append(key)
        return self._items.get(key)

    def _evolve(self, record: Record, entry: Entry) -> None:
        value = record.value or b""
        is_commission = entry.kind == "commission"
        key = conversion_key(entry) if is_commission else item_key(entry)
        if key in self._unknown and not is_commission:
            self._move(effect_of(entry, (key,)), head_of(value))
            return
        try:
            self._held, changed = account.evolve(self._held, self._items.get, entry, value)
        except AssertionError as problem:  # an entry about what was never booked
            detail = f"moves what the account does not have: {problem}"
            raise AuditFailed(foreign(record, detail)) from problem
        self._items.update(changed)
        self._unknown.discard(key)

    def _move(self, effect: Effect, head: str) -> None:
        self._held, changed = moved(self._held, self._items.get, effect, self._partner, head)
        self._items.update(changed)
        self._unknown.update(effect.items)
