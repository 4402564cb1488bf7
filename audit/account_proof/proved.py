"""What the proof of one account gives."""

from __future__ import annotations

from msgspec import Struct, field

from audit.decided import Decided
from audit.payout_proof import ProvedEntry
from events.attributions import Attribution, Touch
from events.instructions import Instruction
from events.position import Record


class ProvedAttribution(Struct, frozen=True):
    """An attribution that was decided again, and where its copies stand."""

    positions: tuple[str, ...]
    """Of the record and its repeats; what cites it may cite any of them."""
    attribution: Attribution
    conversion: Record


class Booked(Struct, frozen=True):
    """An entry that was booked again, with its instruction; both as they stand in the log."""

    record: Record
    instruction: Instruction
    instruction_record: Record
    proved: ProvedEntry
    copies: tuple[str, ...]
    """Positions of the entry's record and its repeats."""


class ProvedAccount(Struct):
    """An account that was proved, and what it rests on."""

    partner: str
    decided: Decided
    booked: list[Booked]
    """From the first entry on."""
    customers: dict[str, list[ProvedAttribution]]
    """`program/customer` → its attributions, in order."""
    touches: dict[Touch, str]
    """The clicks it rests on → position of the first attribution that cites each."""
    clicks: dict[str, str]
    """Click id → position of its record."""
    contests: list[str] = field(default_factory=list)
    """Positions of the decisions that awarded the partner a prize. That it won rests on the
    accounts of all who ran: `audit.contests` proves it, one account's records cannot."""
    repeats: int = 0
    contradictions: list[str] = field(default_factory=list)
    """Positions of repeats with other content than the record that counts: without effect."""
    unreadable: list[str] = field(default_factory=list)

    @property
    def entries(self) -> list[ProvedEntry]:
        """The partner's entries, from the first on."""
        return [one.proved for one in self.booked]

    @property
    def conversions(self) -> int:
        """How many conversions were attributed again."""
        return sum(map(len, self.customers.values()))
