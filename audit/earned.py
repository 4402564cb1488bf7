"""What some partners were due from conversions: those of their customers, decided again.

Which customers are theirs, `naming` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from audit.decided import Decided
from audit.log import Log
from audit.naming import Naming
from audit.read import Progress, counted
from audit.refold_attributions import refold_attributions
from audit.written import Written
from events import topics
from events.attributions import Attribution
from events.position import Record


class Earned:
    """The proved attributions of every customer that any of `partners` may have earned from."""

    def __init__(
        self, log: Log, decided: Decided, partners: Iterable[str], progress: Progress
    ) -> None:
        self._log = log
        self._decided = decided
        self._progress = progress
        self._naming = Naming(decided, partners)
        self.conversion: Record | None = None
        """The conversion of the attribution that was given last."""

    def attributions(self, partition: int, end: int) -> Iterator[tuple[Record, Attribution]]:
        """Those of a partition of `conversions` below offset `end`; raises AuditFailed."""
        log, progress = self._log, self._progress
        customers = frozenset(
            key
            for topic in (topics.ATTRIBUTIONS, topics.CONVERSIONS)
            for record in counted(log.read(topic, partition), progress)
            for key in self._naming.customers(record)
        )
        if not customers:
            return iter(())
        wanted: set[int] = set()
        """Offsets of the customers' conversions that were read and not yet compared."""

        def conversions() -> Iterator[Record]:
            for record in counted(log.read(topics.CONVERSIONS, partition, 0, end), progress):
                if record.key in customers:
                    wanted.add(record.offset)
                    self.conversion = record
                    yield record

        stream = f"{topics.CONVERSIONS}/{partition}"
        found = counted(log.read(topics.ATTRIBUTIONS, partition), progress)
        theirs = (record for n, record in accepted(found, stream) if n in wanted)
        return refold_attributions(
            conversions(),
            Written(theirs, stream, whole=False),
            self._decided,
            log.partitions(topics.CONVERSIONS),
        )


class _Numbered(Struct):
    source: str
    n: int


_NUMBERED = msgspec.json.Decoder(_Numbered)


def accepted(records: Iterator[Record], stream: str) -> Iterator[tuple[int, Record]]:
    """(number, record) of the attributions that every reader accepts: which one does, of
    several copies, can be told only by those of all customers."""
    following = 0
    for record in records:
        try:
            numbered = _NUMBERED.decode(record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if numbered.n == following and numbered.source == f"{stream}/{following}":
            following += 1
            yield numbered.n, record
