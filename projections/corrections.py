"""What is known now and was not known then: the bridge from one balance to the other.

    known then  +  late arrivals, refunds, reviews, …  =  known now        to the minor unit

A row is one unit of one entry that was recorded from T on and is effective before T. Its amounts
are divided into pending and available at T, as the balances are, so each column adds up by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from events.journal import Entry
from projections.as_of import Books, Key
from projections.booked import conversion_key
from projections.effective import REVIEWS, Dated
from projections.statement_parts import Sums

Why = Literal["late_arrival", "refund", "review", "adjustment", "reassigned"]

COLUMNS = ("payable", "pending", "available", "in_transit", "paid", "fees", "withholding")
"""The amounts of a balance, each of which the rows bridge."""


class Correction(Struct):
    """What one entry changes of what was known. Amounts in minor units of `unit`."""

    partner: str
    program: str
    unit: str
    position: str
    at: int
    """When it was recorded, ms."""
    effective: int
    """When it was true, ms."""
    why: Why
    kind: str
    change: Sums
    """Divided at T."""
    deal: str = ""
    event_id: str = ""
    via: str = ""
    reason: str = ""
    by: str = ""
    """Who decided it, where a person did."""

    @property
    def after(self) -> int:
        """How long after it was true it was recorded, ms."""
        return self.at - self.effective


class Bridge(Struct):
    """One unit of an account: known then, what was learned since, known now."""

    partner: str
    program: str
    unit: str
    then: Sums
    corrections: list[Correction]
    now: Sums


def bridges(
    before: Books, late: Sequence[Dated], moment: int, assigned: Collection[str]
) -> list[Bridge]:
    """The bridges of all units that anything is booked in, in the order of their keys.

    `before`: what was recorded before `moment` (ms); it is left as it is. `late`: what was
    recorded since and is effective before. `assigned`: positions of instructions by which a
    person gave a deal to a partner.
    """
    then = before.at(moment)
    found: dict[Key, list[Correction]] = {key: [] for key in then}
    given = {
        (entry.partner, conversion_key(entry), entry.event_id)
        for dated in late
        if (entry := dated.posted.entry).source in assigned
    }
    for dated in late:
        entry = dated.posted.entry
        alone = Books()
        alone.book(entry)
        why = why_of(entry, (entry.partner, conversion_key(entry), entry.event_id) in given)
        for key, change in alone.at(moment).items():
            found.setdefault(key, []).append(_correction(key, dated, why, change))
    made = []
    for key, rows in sorted(found.items()):
        opening = then.get(key, Sums())
        made.append(Bridge(*key, opening, rows, added([opening, *(row.change for row in rows)])))
    return made


def why_of(entry: Entry, given: bool) -> Why:
    """Why an entry was recorded after it was true. `given`: a person gave the partner the deal."""
    if given or (entry.kind == "rejected" and entry.reason == "reassigned"):
        return "reassigned"
    if entry.kind == "adjusted":
        return "adjustment"
    if entry.kind in REVIEWS:
        return "review"
    return "refund" if entry.kind == "clawback" else "late_arrival"


def added(parts: Iterable[Sums]) -> Sums:
    """The sum of each column."""
    total = Sums()
    for part in parts:
        for name in COLUMNS:
            setattr(total, name, getattr(total, name) + getattr(part, name))
    return total


def _correction(key: Key, dated: Dated, why: Why, change: Sums) -> Correction:
    entry = dated.posted.entry
    return Correction(
        *key,
        position=dated.posted.position,
        at=entry.at,
        effective=dated.effective,
        why=why,
        kind=entry.kind,
        change=change,
        deal=entry.deal,
        event_id=entry.event_id,
        via=entry.via,
        reason=entry.reason or entry.hold,
        by=entry.by,
    )
