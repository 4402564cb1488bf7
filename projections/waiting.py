"""Commissions that wait for a person, as the journal says: held, and neither released nor
rejected since.

What waits is the money on `payable` legs whose `available_at` is HELD; why it waits stands on
the entry that held it.
"""

from __future__ import annotations

from msgspec import Struct

from events.journal import HELD, Entry

Key = tuple[str, str, str, str]
"""Partner, program, deal or lead, via."""


class Waiting(Struct):
    """A held commission."""

    partner: str
    program: str
    deal: str
    event_id: str
    via: str
    reason: str
    """self_referral, review_above, … or a person's own words."""
    held_at: int
    """The journal's time, ms."""
    entry: str
    """Position of the entry that held it."""
    amounts: dict[str, int]
    """Unit → minor units that wait."""
    by: str = ""
    """Who held it; empty where the terms did."""


class WaitingList:
    """The fold. `take` each accepted entry of the journal, in the order of its partition."""

    def __init__(self, program: str = "", partner: str = "") -> None:
        self._program = program
        self._partner = partner
        self._waiting: dict[Key, Waiting] = {}

    def take(self, entry: Entry, position: str) -> None:
        """`position`: where the entry stands."""
        if (self._program and entry.program != self._program) or (
            self._partner and entry.partner != self._partner
        ):
            return
        key = (entry.partner, entry.program, entry.deal or entry.event_id, entry.via)
        if entry.kind in ("released", "rejected"):
            self._waiting.pop(key, None)
        elif entry.kind == "held" or (entry.kind == "commission" and entry.hold):
            self._waiting[key] = Waiting(
                partner=entry.partner,
                program=entry.program,
                deal=entry.deal,
                event_id="" if entry.deal else entry.event_id,
                via=entry.via,
                reason=entry.hold or entry.reason,
                held_at=entry.at,
                entry=position,
                amounts={},
                by=entry.by,
            )
        found = self._waiting.get(key)
        if found is None:
            return
        for leg in entry.legs:
            if leg.account == "payable" and leg.available_at == HELD:
                unit = leg.unit or entry.unit
                found.amounts[unit] = found.amounts.get(unit, 0) + leg.amount
        if entry.kind == "clawback" and not any(found.amounts.values()):
            del self._waiting[key]  # refunded whole: nothing is left to decide

    def waiting(self) -> tuple[Waiting, ...]:
        """The longest waiting first."""
        return tuple(sorted(self._waiting.values(), key=lambda found: (found.held_at, found.entry)))
