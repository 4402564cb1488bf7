"""What a decider wrote, held against what its inputs give.

The reader of a decider's output accepts exactly the next number of a source; repeats are
ignored, as by every reader. `Written` walks one output partition in step with the inputs
and compares the accepted record for each number with the bytes expected, without
decoding what fits.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from audit.difference import AuditFailed, Difference, field_changes, text
from events.codec import UnreadableRecord, decode_record
from events.position import Record


class Inputs(NamedTuple):
    """How far an audit read the input partition, and where that partition ends now."""

    read: int
    end: int

    def came_later(self, offset: int) -> bool:
        return self.read <= offset < self.end


class Written:
    """`whole` says that `records` is a partition from its beginning, without a filter."""

    def __init__(self, records: Iterator[Record], *, whole: bool = True) -> None:
        self._records = records
        self._whole = whole
        self._seen = array("q")
        self.read = 0
        self.repeats = 0
        self.contradictions: list[str] = []
        """Positions of repeats whose content differs from the accepted record. They have
        no effect on anything, and are named all the same."""
        self.unreadable: list[str] = []

    def next(
        self,
        expected: bytes,
        n: int,
        source: str,
        otherwise: Callable[[Record], bool] = lambda record: False,
    ) -> Record:
        """The accepted record numbered `n`, which must be `expected`; raises AuditFailed.

        `source` is the input it is made from, named when the record is missing.
        `otherwise` may allow another content, where more than one is right.
        """
        ahead: str | None = None
        for record in self._records:
            self.read += 1
            if record.value == expected:
                self._seen.append(hash(expected))
                return record
            number = self._number(record)
            if number is None:
                continue
            if number < n:
                self._repeat(record, number)
            elif number > n:
                ahead = ahead or str(record.position)
            elif otherwise(record):
                self._seen.append(hash(record.value))
                return record
            else:
                raise AuditFailed(
                    Difference(
                        "altered",
                        str(record.position),
                        f"made from {source}; {field_changes(expected, record.value or b'')}",
                        expected=text(expected),
                        found=text(record.value),
                    )
                )
        detail = f"its record (number {n}) is not in the log"
        if ahead:
            detail += f"; {ahead} goes on with a later number: a record was removed"
        else:
            detail += ": not processed yet (is a worker running?) or removed from the end"
        raise AuditFailed(Difference("missing", source, detail, expected=text(expected)))

    def finish(self, n: int, inputs: Inputs) -> None:
        """After the `n` accepted records no other may follow; raises AuditFailed.

        One made from an input that came while the audit ran is neither right nor wrong:
        it is left for the next audit.
        """
        for record in self._records:
            self.read += 1
            number = self._number(record)
            if number is None:
                continue
            if number < n:
                self._repeat(record, number)
            elif not inputs.came_later(int(decode_record(record).source.rpartition("/")[2])):
                raise AuditFailed(
                    Difference(
                        "foreign",
                        str(record.position),
                        f"number {number}, but only {n} inputs have been accepted: "
                        "a record without an input",
                        found=text(record.value),
                    )
                )

    def _number(self, record: Record) -> int | None:
        try:
            return int(decode_record(record).n)
        except UnreadableRecord:
            self.unreadable.append(str(record.position))
            return None

    def _repeat(self, record: Record, number: int) -> None:
        self.repeats += 1
        if self._whole and (number < 0 or self._seen[number] != hash(record.value)):
            self.contradictions.append(str(record.position))
