"""A bank's statement file, as a reconciliation reads it: lines, the period, and the balances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from audit.reconcile.bank import BankLine

DAY_MS = 86_400_000

Find = Callable[[str], str]
"""A reference as a file states it → the payout it names; empty: none of this ledger."""


@dataclass
class Balances:
    """What an account held, and what its entries moved. Minor units of `unit`."""

    where: str
    unit: str
    opening: int
    closing: int
    moved: int

    @property
    def is_whole(self) -> bool:
        """Whether the entries lead from the opening balance to the closing one."""
        return self.opening + self.moved == self.closing


@dataclass
class StatementFile:
    """What one file says."""

    name: str
    lines: list[BankLine] = field(default_factory=list)
    starts: int | None = None
    """Of its period, ms; None where it states none."""
    ends: int | None = None
    """Exclusive."""
    balances: list[Balances] = field(default_factory=list)

    def period(self) -> tuple[int, int] | None:
        """What the file covers: what it states, else from the first to the last day booked."""
        if self.starts is not None and self.ends is not None:
            return self.starts, self.ends
        days = [line.at for line in self.lines if line.at]
        return (min(days), max(days) + DAY_MS) if days else None


def midnight(day: date) -> int:
    """Milliseconds since 1970 of the day's beginning, UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
