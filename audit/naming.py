"""Which customers are a partner's: whoever a record says the partner has to do with.

A customer counts as a partner's if any record of it, a conversion or an attribution,
names the partner, one of its links or one of its coupons, or if the partner registered it.
The same goes for those that ever stood below the partner, of whose deals it may earn. So an
attribution that was altered to name somebody else is still decided again. Customers are
told by what their records say, not by Kafka keys alone: a key can be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from audit.decided import Decided
from events.codec import UnreadableRecord, decode_record
from events.conversions import conversion_key
from events.position import Record

NAMING = re.compile(rb'"(?:partner|link|coupon_code)"\s*:\s*"([^"]*)"')
"""Where a record names a partner, in the JSON as it stands."""

CUSTOMER = re.compile(rb'"program"\s*:\s*"([^"]*)"\s*,\s*"customer"\s*:\s*"([^"]*)"')
"""Where a record names its customer, in the JSON as every writer of this code writes it."""


class Naming:
    """Tells the customers of some partners from those of others."""

    def __init__(self, decided: Decided, partners: Iterable[str]) -> None:
        self.team = frozenset[str]().union(*map(decided.directory.team, partners))
        """The partners, and all that ever stood below them."""
        self.names = _names(decided, self.team)
        """The team, its links and coupon codes, in upper case: codes compare so."""
        self.registered = _registered(decided, self.team)
        """Keys of the customers that the team registered."""

    def customers(self, record: Record) -> Iterable[bytes]:
        """The keys of the partners' customers that a record tells of."""
        if self.names_partner(record.value):
            return customers_of(record)
        if self.registered and self._tells_of_registered(record):
            return (key for key in customers_of(record) if key in self.registered)
        return ()

    def names_partner(self, value: bytes | None) -> bool:
        """Whether a record names one of the team, its links or its coupons."""
        return not self.names.isdisjoint(names_in(value))

    def named_by(self, record: Record) -> str:
        """How a conversion names one of the partners: partner, click, coupon, registration, or
        text (of one that cannot be read); customer: only another record of its customer does."""
        try:
            said = decode_record(record)
        except UnreadableRecord:
            return "text" if self.names_partner(record.value) else "customer"
        if self._is_ours(getattr(said, "partner", "")):
            return "partner"
        click = getattr(said, "click", None)
        if click is not None and self._is_ours(click.link):
            return "click"
        if self._is_ours(getattr(said, "coupon_code", "")):
            return "coupon"
        return "registration" if record.key in self.registered else "customer"

    def _is_ours(self, name: str) -> bool:
        return name.encode().upper() in self.names

    def _tells_of_registered(self, record: Record) -> bool:
        registered = self.registered
        return record.key in registered or any(
            b"%s/%s" % said in registered for said in CUSTOMER.findall(record.value or b"")
        )


def names_in(value: bytes | None) -> set[bytes]:
    """The partners, links and coupon codes that a record names, in upper case."""
    return set() if value is None else {name.upper() for name in NAMING.findall(value)}


def customers_of(record: Record) -> Iterator[bytes]:
    """The keys a record may belong under: the one it has, and the one its content gives."""
    if record.key is not None:
        yield record.key
    try:
        said = decode_record(record)
    except UnreadableRecord:
        return
    yield conversion_key(said.program, said.customer).encode()


def _names(decided: Decided, team: frozenset[str]) -> frozenset[bytes]:
    directory = decided.directory
    names = list(team)
    names += [link.link for link in directory.links() if link.partner in team]
    names += [coupon.code for coupon in directory.coupons() if coupon.partner in team]
    return frozenset(name.encode().upper() for name in names)


def _registered(decided: Decided, team: frozenset[str]) -> frozenset[bytes]:
    return frozenset(
        conversion_key(found.program, found.customer).encode()
        for found in decided.directory.registrations()
        if found.partner in team
    )
