"""What both sides of a what-if come to: by commission while entries are posted, then by rule.

What counts is what a partner is owed for: commissions, clawbacks, bonuses, overrides, reviews
of commissions, adjustments and prizes. Payouts move money that was earned; they are kept apart.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from msgspec import Struct, field

from events.instructions import CommissionDue, Instruction
from events.journal import HELD, Entry

PAYOUTS = frozenset(
    ("payout_funded", "payout_refused", "payout_sent", "payout_settled", "payout_failed",
     "payout_returned")
)  # fmt: skip
BY_HAND = ("adjustment", "award", "payment_received")


class Commission(NamedTuple):
    """One partner's commission on one deal or lead; or an amount that no conversion caused."""

    program: str
    partner: str
    deal: str
    event_id: str
    """Of a lead, which has no deal; of what was booked by hand its kind and id."""
    via: str


class Account(NamedTuple):
    """A partner's balance in one unit of a program."""

    program: str
    partner: str
    unit: str


class Payout(NamedTuple):
    """One request for money, by whom it is asked of whom."""

    program: str
    partner: str
    payout: str


class Answered(NamedTuple):
    """What the account said to a payout's request; minor units."""

    kind: str
    amount: int
    unit: str
    reason: str


Amounts = dict[tuple[str, str], int]
"""(rule, unit) → minor units."""
Effect = tuple[str, str, str]
"""Program, what (`held`, `not booked`, `cap`), and why or by which."""


class Booked(Struct):
    """What one side's entries of a partition come to."""

    entries: int = 0
    commissions: dict[Commission, Amounts] = field(default_factory=dict)
    waiting: Counter[Account] = field(default_factory=Counter)
    """What waits for a person at the end."""
    paid_out: Counter[Account] = field(default_factory=Counter)
    """What payouts took from what was owed, less what came back."""
    payouts: dict[Payout, Answered] = field(default_factory=dict)
    effects: Counter[Effect] = field(default_factory=Counter)

    def add(self, instruction: Instruction, entry: Entry) -> None:
        """Take in the entry that answers `instruction`."""
        self.entries += 1
        kind = entry.kind
        if kind in PAYOUTS:
            self._payout(entry)
            return
        if isinstance(instruction, CommissionDue):
            self._effects(entry)
        if kind == "no_effect":
            return
        amounts: Amounts | None = None
        for leg in entry.legs:
            if leg.account != "payable":
                continue
            if amounts is None:
                amounts = self.commissions.setdefault(_commission(entry), {})
            key = (leg.rule or entry.rule, leg.unit or entry.unit)
            amounts[key] = amounts.get(key, 0) + leg.amount
            if leg.available_at == HELD:
                self.waiting[Account(entry.program, entry.partner, key[1])] += leg.amount

    def _payout(self, entry: Entry) -> None:
        of = Payout(entry.program, entry.partner, entry.payout)
        moved = entry.payable()
        if entry.kind in ("payout_funded", "payout_refused"):
            self.payouts[of] = Answered(entry.kind, -moved, entry.unit, entry.reason)
        if moved:
            self.paid_out[Account(entry.program, entry.partner, entry.unit)] -= moved

    def _effects(self, entry: Entry) -> None:
        if entry.hold:
            self.effects[entry.program, "held", entry.hold] += 1
        if entry.kind == "no_effect":
            before = " was booked by " in entry.reason
            why = "booked_before" if before else entry.reason.partition(" ")[0]
            self.effects[entry.program, "not booked", why] += 1
        for note in entry.notes:
            if note.startswith("cap "):
                self.effects[entry.program, "cap", note[4:].partition(":")[0]] += 1


def _commission(entry: Entry) -> Commission:
    if entry.kind in BY_HAND:
        return Commission(entry.program, entry.partner, "", f"{entry.kind} {entry.adjustment}", "")
    event = "" if entry.deal else entry.event_id
    return Commission(entry.program, entry.partner, entry.deal, event, entry.via)
