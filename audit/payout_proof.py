"""What the audit of a payout shows: its steps, and every entry that paid for it."""

from __future__ import annotations

from msgspec import Struct

from audit.told import Summary
from events.journal import Entry


class ProvedEntry(Struct):
    """A journal entry of the partner, with the coordinates of all it rests on."""

    position: str
    entry: Entry
    instruction: str
    attribution: str = ""
    method: str = ""
    click: str = ""
    """Position of the click's record; empty where no click was needed."""

    @property
    def moved(self) -> int:
        """What it moved from one account to another in its unit, minor units."""
        entry = self.entry
        return sum(leg.amount for leg in entry.legs if leg.amount > 0 and not leg.unit)


class PayoutProof(Struct):
    """A payout that was proved, and how much of the log that took."""

    payout: str
    partner: str
    program: str
    unit: str
    amount: int
    """Minor units set aside for it."""
    status: str
    """funded, refused, sent, settled, failed or returned."""
    steps: list[ProvedEntry]
    """The payout's own entries."""
    funding: ProvedEntry
    """The one of them that answered the request: funded or refused."""
    before: list[ProvedEntry]
    """Every entry of the program that moved the unit before it was funded or refused."""
    entries: int
    """Of the partner's whole account."""
    conversions: int
    """Of every customer that earned the partner anything."""
    clicks: int
    decisions: int
    records: int
    """Read in all."""
    told: Summary | None = None
    """What became of the conversions that have to do with the partner; None: not told."""
