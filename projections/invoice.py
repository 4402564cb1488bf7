"""A program's invoice: what a stretch of the journal cost it, partner by partner.

    partition 0  ────┤ 2026-10 ├──────────┤ 2026-11 ├────┤ …
    partition 1  ──┤ 2026-10 ├─────┤   2026-11    ├──┤ …       each begins where the last ended

An invoice bills the entries between two positions in every partition of the journal. It
begins where the program's last invoice ended, so nothing is billed twice and nothing is
missed; an entry that arrives late, for whatever month, stands after the cut and is on the
next one. The sum of all invoices is the journal.

Billed is the program's cost: what its `commissions` legs say, with the sign turned. What
resellers took from customers for the program (`wholesale`) and what partners paid to it
(`receipts`) is shown beside it and is no part of the total.
"""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct, field

from events.codec import encode
from projections.posted import Posted, unit_of

SHOWN = ("commissions", "receipts", "wholesale")
"""The accounts of the journal an invoice shows; the total is of the first."""


class InvoiceLine(Struct, frozen=True, order=True):
    """Entries of one partner, unit and kind. The order of the fields is that of the JSON the
    invoice's hash is of, and lines stand in the order of their fields."""

    partner: str
    unit: str
    account: str
    kind: str
    """Of the entries: commission, clawback, adjusted, award, …"""
    entries: int
    amount: int
    """Minor units. commissions: what it cost the program; wholesale: what the partner took
    from customers for it; receipts: what the partner paid to it."""


class Invoice(Struct):
    """What a program owes for a stretch of the journal."""

    program: str
    starts: dict[str, int]
    """Partition → first offset it bills."""
    ends: dict[str, int]
    """Partition → offset after the last it bills."""
    lines: list[InvoiceLine] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    """Unit → cost, minor units; below zero when more was taken back than earned."""
    entries: int = 0
    """Of the program, within the stretch, also those that cost it nothing."""

    @property
    def sha256(self) -> str:
        """Of the lines as JSON, in hex."""
        return lines_hash(self.lines)


def lines_hash(lines: list[InvoiceLine]) -> str:
    """SHA-256, in hex, of the lines as one JSON array: UTF-8, without white space, each an
    object with the fields of `InvoiceLine` in their order."""
    return sha256(encode(lines)).hexdigest()


class Billing:
    """The fold. `take` each accepted entry of the stretch, partitions in any order."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.entries = 0
        self._sums: dict[tuple[str, str, str, str], list[int]] = {}
        """(partner, unit, account, kind) → entries, minor units."""

    def take(self, posted: Posted) -> None:
        """Bill what the entry cost the program, if it is the program's."""
        entry = posted.entry
        if entry.program != self.program:
            return
        self.entries += 1
        moved: dict[tuple[str, str], int] = {}
        for leg in entry.legs:
            if leg.account in SHOWN:
                key = (unit_of(entry, leg), leg.account)
                moved[key] = moved.get(key, 0) + leg.amount
        for (unit, account), amount in moved.items():
            sums = self._sums.setdefault((entry.partner, unit, account, entry.kind), [0, 0])
            sums[0] += 1
            # Wholesale is money the partner took in: its leg says so without a change of sign.
            sums[1] += amount if account == "wholesale" else -amount

    def invoice(self, starts: dict[str, int], ends: dict[str, int]) -> Invoice:
        """What was taken, as an invoice of the stretch between two cuts."""
        lines = sorted(InvoiceLine(*key, *sums) for key, sums in self._sums.items())
        totals: dict[str, int] = {}
        for line in lines:
            if line.account == "commissions":
                totals[line.unit] = totals.get(line.unit, 0) + line.amount
        return Invoice(
            self.program, starts, ends, lines, dict(sorted(totals.items())), self.entries
        )
