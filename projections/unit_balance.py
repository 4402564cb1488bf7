"""One unit of one account while it is folded: what is owed, and until when of it is pending."""

from __future__ import annotations

from events.journal import Entry, Leg
from projections.statement_parts import Sums

SHOWN = ("payable", "in_transit", "paid", "fees", "withholding")
"""The accounts of the journal that are the partner's own side of it."""


class UnitBalance:
    """Sums of legs, minor units. Order does not matter: it is the same in any."""

    def __init__(self) -> None:
        self.sums: dict[str, int] = dict.fromkeys(SHOWN, 0)
        self.holds: dict[int, int] = {}
        """Until when (ms) → what is pending until then."""

    def move(self, entry: Entry, leg: Leg) -> None:
        """Take a leg into the sums and, where it is owed, among what is on hold."""
        if leg.account not in self.sums:
            return
        self.sums[leg.account] += leg.amount
        if leg.account == "payable":
            until = pending_until(entry, leg)
            self.holds[until] = self.holds.get(until, 0) + leg.amount

    def at(self, moment: int) -> Sums:
        """The balances as `moment` (ms) divides them into pending and available."""
        return sums_of(self.sums, self.holds, moment)


def held_until(entry: Entry, leg: Leg) -> int:
    """Until when what a `payable` leg adds is pending, ms; 0: not at all."""
    if leg.available_at or entry.engine:
        return leg.available_at
    return entry.available_at


def pending_until(entry: Entry, leg: Leg) -> int:
    """Until when what a `payable` leg adds is pending at any moment, also before it was booked, ms.

    What was booked after the hold of its commission had ended bears no time of its own: it was
    available at once. Asked of an earlier moment, it was pending while the commission was; only
    so does a rejection take away the very pending amount that the commission had added.
    """
    until = held_until(entry, leg)
    if until or entry.available_at > entry.at or _is_collected(entry, leg):
        return until
    return entry.available_at


def _is_collected(entry: Entry, leg: Leg) -> bool:
    """Payable because the partner took the customer's money itself: a debt is never pending."""
    return any(other.account == "wholesale" and other.rule == leg.rule for other in entry.legs)


def sums_of(sums: dict[str, int], holds: dict[int, int], at: int) -> Sums:
    """Balances at `at` (ms) of sums by account and of what is pending until when."""
    pending = sum(amount for until, amount in holds.items() if until > at)
    return Sums(pending=pending, available=sums["payable"] - pending, **sums)
