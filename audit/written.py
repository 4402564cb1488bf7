"""What a decider wrote, held against what its inputs give.

The reader of a decider's output accepts exactly the next number of a source; repeats are
ignored, as by every reader. `Written` walks one output partition in step with the inputs
and compares the accepted record for each number with the bytes and the key expected,
without decoding what fits.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from audit.difference import AuditFailed, Difference, altered, foreign, text, wrong_key
from events.codec import UnreadableRecord, decode_record
from events.position import Record


class Inputs(NamedTuple):
    """How far an audit read the input partition, and where that partition ends now."""

    read: int
    end: Callable[[], int]
    """Asked only when something stands there that no input read so far gives."""

    def came_later(self, offset: int) -> bool:
        """Whether the input at `offset` was appended after the audit read its partition."""
        return self.read <= offset < self.end()


class _Numbered(NamedTuple):
    n: int
    input_offset: int


class Written:
    """The output of one decider for one input partition.

    `stream` is that input partition, as `topic/partition`. `whole` says that `records` is a
    partition from its beginning, without a filter.
    """

    def __init__(self, records: Iterator[Record], stream: str, *, whole: bool = True) -> None:
        self._records = records
        self._stream = stream
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
        key: bytes,
        otherwise: Callable[[Record], bool] = lambda record: False,
    ) -> Record:
        """The accepted record numbered `n`, which must be `expected` under `key`; raises
        AuditFailed.

        `source` is the input it is made from, named when the record is missing.
        `otherwise` may allow another content, where more than one is right.
        """
        ahead = ""
        unreadable = len(self.unreadable)
        for record in self._records:
            self.read += 1
            if record.value == expected:
                if record.key != key:
                    raise AuditFailed(wrong_key(record, key))
                self._seen.append(hash(expected))
                return record
            numbered = self._numbered(record)
            if numbered is None:
                continue
            if numbered.n < n:
                self._repeat(record, numbered.n)
            elif numbered.n > n:
                ahead = ahead or str(record.position)
            elif otherwise(record):
                if record.key != key:
                    raise AuditFailed(wrong_key(record, key))
                self._seen.append(hash(record.value))
                return record
            else:
                raise AuditFailed(altered(record, expected, f"made from {source}"))
        raise AuditFailed(self._missing(expected, n, source, ahead, self.unreadable[unreadable:]))

    def finish(self, n: int, inputs: Inputs) -> None:
        """After the `n` accepted records no other may follow; raises AuditFailed.

        One made from an input that came while the audit ran is neither right nor wrong:
        it is left for the next audit.
        """
        for record in self._records:
            self.read += 1
            numbered = self._numbered(record)
            if numbered is None:
                continue
            if numbered.n < n:
                self._repeat(record, numbered.n)
            elif not inputs.came_later(numbered.input_offset):
                raise AuditFailed(
                    foreign(
                        record,
                        f"number {numbered.n}, but only {n} inputs have been accepted: "
                        "a record without an input",
                    )
                )

    def _numbered(self, record: Record) -> _Numbered | None:
        """The record's number, and the offset of the input it cites; None if unreadable."""
        try:
            said = decode_record(record)
        except UnreadableRecord:
            self.unreadable.append(str(record.position))
            return None
        stream, _, offset = said.source.rpartition("/")
        if stream != self._stream or not offset.isdecimal():
            raise AuditFailed(
                foreign(
                    record,
                    f"cites {said.source!r}; what stands here is made from {self._stream}: "
                    "a record without an input",
                )
            )
        return _Numbered(said.n, int(offset))

    def _missing(
        self, expected: bytes, n: int, source: str, ahead: str, unreadable: list[str]
    ) -> Difference:
        detail = f"its record (number {n}) is not in the log"
        if unreadable:
            detail += f"; {unreadable[0]} cannot be read: is it that record, damaged?"
        elif ahead:
            detail += f"; {ahead} goes on with a later number: a record was removed or moved"
        else:
            detail += ": not processed yet (is a worker running?) or removed from the end"
        return Difference("missing", source, detail, expected=text(expected))

    def _repeat(self, record: Record, number: int) -> None:
        self.repeats += 1
        if self._whole and (number < 0 or self._seen[number] != hash(record.value)):
            self.contradictions.append(str(record.position))
