"""What some partners were due from conversions: those of their customers, decided again.

A customer counts as a partner's if any record of it, a conversion or an attribution,
names the partner, one of its links or one of its coupons, or if the partner registered it.
The same goes for those that ever stood below the partner, of whose deals it may earn. So an
attribution that was altered to name somebody else is still decided again. Customers are
told by what their records say, not by Kafka keys alone: a key can be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from audit.decided import Decided
from audit.log import Log
from audit.read import Progress, counted
from audit.refold_attributions import refold_attributions
from audit.written import Written
from events import topics
from events.attributions import Attribution
from events.codec import UnreadableRecord, decode_record
from events.conversions import conversion_key
from events.position import Record

NAMING = re.compile(rb'"(?:partner|link|coupon_code)"\s*:\s*"([^"]*)"')
"""Where a record names a partner, in the JSON as it stands."""

CUSTOMER = re.compile(rb'"program"\s*:\s*"([^"]*)"\s*,\s*"customer"\s*:\s*"([^"]*)"')
"""Where a record names its customer, in the JSON as every writer of this code writes it."""


class Earned:
    """The proved attributions of every customer that any of `partners` may have earned from."""

    def __init__(
        self, log: Log, decided: Decided, partners: Iterable[str], progress: Progress
    ) -> None:
        self._log = log
        self._decided = decided
        self._progress = progress
        team = frozenset[str]().union(*map(decided.directory.team, partners))
        self._names = _names(decided, team)
        self._registered = _registered(decided, team)

    def attributions(self, partition: int, end: int) -> Iterator[tuple[Record, Attribution]]:
        """Those of a partition of `conversions` below offset `end`; raises AuditFailed."""
        log, progress = self._log, self._progress
        customers = frozenset(
            key
            for topic in (topics.ATTRIBUTIONS, topics.CONVERSIONS)
            for record in counted(log.read(topic, partition), progress)
            for key in self._customers(record)
        )
        if not customers:
            return iter(())
        wanted: set[int] = set()
        """Offsets of the customers' conversions that were read and not yet compared."""

        def conversions() -> Iterator[Record]:
            for record in counted(log.read(topics.CONVERSIONS, partition, 0, end), progress):
                if record.key in customers:
                    wanted.add(record.offset)
                    yield record

        stream = f"{topics.CONVERSIONS}/{partition}"
        found = counted(log.read(topics.ATTRIBUTIONS, partition), progress)
        theirs = (record for n, record in _accepted(found, stream) if n in wanted)
        return refold_attributions(
            conversions(),
            Written(theirs, stream, whole=False),
            self._decided,
            log.partitions(topics.CONVERSIONS),
        )

    def _customers(self, record: Record) -> Iterable[bytes]:
        """The partners' customers that a record tells of."""
        if self._names_partner(record.value):
            return _customers(record)
        if self._registered and self._tells_of_registered(record):
            return (key for key in _customers(record) if key in self._registered)
        return ()

    def _tells_of_registered(self, record: Record) -> bool:
        registered = self._registered
        return record.key in registered or any(
            b"%s/%s" % said in registered for said in CUSTOMER.findall(record.value or b"")
        )

    def _names_partner(self, value: bytes | None) -> bool:
        if value is None:
            return False
        names = self._names
        return any(name.upper() in names for name in NAMING.findall(value))


class _Numbered(Struct):
    source: str
    n: int


_NUMBERED = msgspec.json.Decoder(_Numbered)


def _accepted(records: Iterator[Record], stream: str) -> Iterator[tuple[int, Record]]:
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


def _names(decided: Decided, team: frozenset[str]) -> frozenset[bytes]:
    """The partners, their links and coupon codes, in upper case: codes compare so."""
    directory = decided.directory
    names = list(team)
    names += [link.link for link in directory.links() if link.partner in team]
    names += [coupon.code for coupon in directory.coupons() if coupon.partner in team]
    return frozenset(name.encode().upper() for name in names)


def _registered(decided: Decided, team: frozenset[str]) -> frozenset[bytes]:
    """Keys of the customers that the partners registered."""
    return frozenset(
        conversion_key(found.program, found.customer).encode()
        for found in decided.directory.registrations()
        if found.partner in team
    )


def _customers(record: Record) -> Iterator[bytes]:
    """The keys a record may belong under: the one it has, and the one its content gives."""
    if record.key is not None:
        yield record.key
    try:
        said = decode_record(record)
    except UnreadableRecord:
        return
    yield conversion_key(said.program, said.customer).encode()
