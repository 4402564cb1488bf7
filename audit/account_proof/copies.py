"""Repeats, told apart without the records of others.

A processor may write a record twice, and one ahead of another that was lost; every reader
accepts exactly the next number, so of several copies the same one. Which one that is depends
on the records of others too. One account's records show less, and enough: copies have the
same bytes, and what comes next cites the copy that counts, by its position.

A copy with other bytes that stands *after* the first is ignored, as by every reader. One that
stands first is taken for the accepted one, and so must be right.
"""

from __future__ import annotations

from collections.abc import Callable

from audit.difference import AuditFailed, Difference, altered, foreign, text, wrong_key
from events.codec import UnreadableRecord, decode_record
from events.position import Record


class AttributionsOf:
    """The attributions of one customer, by number, as `refold_attributions` asks for them."""

    def __init__(self, records: list[Record], stream: str) -> None:
        self._stream = stream
        self._by_n: dict[int, list[Record]] = {}
        self.copies: dict[int, list[Record]] = {}
        """Number → the records of it with the bytes of the accepted one."""
        self.unreadable: list[str] = []
        for record in records:
            try:
                said = decode_record(record)
            except UnreadableRecord:
                self.unreadable.append(str(record.position))
                continue
            if said.source != f"{stream}/{said.n}":
                raise AuditFailed(
                    foreign(
                        record,
                        f"cites {said.source!r}; its number is {said.n} of {stream}: "
                        "a record without an input",
                    )
                )
            self._by_n.setdefault(said.n, []).append(record)

    def next(
        self,
        expected: bytes,
        n: int,
        source: str,
        key: bytes,
        otherwise: Callable[[Record], bool] = lambda record: False,
    ) -> Record:
        """The accepted one numbered `n`; raises AuditFailed unless it is `expected`."""
        held = self._by_n.pop(n, None)
        if held is None:
            detail = f"its record (number {n}) is not in the log"
            if self.unreadable:
                detail += f"; {self.unreadable[0]} cannot be read: is it that record, damaged?"
            else:
                detail += ": not processed yet (is a worker running?) or removed"
            raise AuditFailed(Difference("missing", source, detail, expected=text(expected)))
        first = held[0]
        if first.value != expected and not otherwise(first):
            raise AuditFailed(altered(first, expected, f"made from {source}"))
        if first.key != key:
            raise AuditFailed(wrong_key(first, key))
        self.copies[n] = [record for record in held if record.value == first.value]
        return first

    def none_left(self) -> None:
        """Raises AuditFailed for an attribution without a conversion of the customer, and for
        those that stand in another order."""
        in_order(self.copies)
        for n, [first, *_] in sorted(self._by_n.items()):
            detail = f"number {n}: the customer has no conversion there: a record without an input"
            raise AuditFailed(foreign(first, detail))


def in_order(copies: dict[int, list[Record]]) -> list[tuple[int, Record]]:
    """(number, record) of a decider's output by rising numbers, each at an offset after the
    one before it: of several copies the first that stands so. Raises AuditFailed where none
    does.
    """
    found: list[tuple[int, Record]] = []
    last = -1
    for n in sorted(copies):
        following = [record for record in copies[n] if record.offset > last]
        if not following:
            record = copies[n][-1]
            detail = (
                f"its record (number {n}) stands at {record.position}, before a lower number: "
                "no reader accepts it there, it was moved"
            )
            raise AuditFailed(Difference("missing", decode_record(record).source, detail))
        found.append((n, following[0]))
        last = following[0].offset
    return found
