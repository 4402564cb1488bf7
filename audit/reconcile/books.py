"""The warehouse's sums held against the journal's: balances of partners, and the trial balance.

Rows that are each as they should be can still be summed wrongly, by a view that was changed: so
the sums are taken from the log a second time, leg by leg, and compared to the last minor unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from projections.posted import Posted, unit_of

OWED = ("payable", "in_transit", "paid")
"""Accounts of a partner."""

Balances = Mapping[tuple[str, ...], int]
"""(partner, program, unit, account), or (unit, account), → minor units."""


class SumDifference(Struct, frozen=True):
    """A sum that is another one in the warehouse. Minor units of `unit`."""

    view: str
    of: str
    """`partner/program`, or the account of a trial balance."""
    unit: str
    account: str
    log: int
    warehouse: int

    @property
    def difference(self) -> int:
        """What the warehouse has more, minor units."""
        return self.warehouse - self.log


class Books:
    """Sums over the legs of all accepted entries it was shown."""

    def __init__(self) -> None:
        self.balances: Counter[tuple[str, ...]] = Counter()
        """(partner, program, unit, account) → minor units; only accounts of partners."""
        self.trial: Counter[tuple[str, ...]] = Counter()
        """(unit, account) → minor units."""
        self.entries = 0

    def add(self, posted: Iterable[Posted]) -> None:
        """Take in the accepted entries of a partition."""
        for one in posted:
            entry = one.entry
            self.entries += 1
            for leg in entry.legs:
                unit = unit_of(entry, leg)
                self.trial[unit, leg.account] += leg.amount
                if leg.account in OWED:
                    owed = (entry.partner, entry.program, unit, leg.account)
                    self.balances[owed] += leg.amount


def balances_of(rows: Iterable[Mapping[str, Any]]) -> Balances:
    """The sums in rows of partner, program, unit, payable, in_transit and paid."""
    return {
        (str(row["partner"]), str(row["program"]), str(row["unit"]), account): int(row[account])
        for row in rows
        for account in OWED
    }


def compare_balances(view: str, log: Balances, warehouse: Balances) -> list[SumDifference]:
    """The balances that differ; one that is not there is zero."""
    return [
        SumDifference(view, f"{key[0]}/{key[1]}", key[2], key[3], log.get(key, 0), there)
        for key, there in _differing(log, warehouse)
    ]


def compare_trial(view: str, log: Balances, warehouse: Balances) -> list[SumDifference]:
    """The accounts of all partners together that differ."""
    return [
        SumDifference(view, "all partners", key[0], key[1], log.get(key, 0), there)
        for key, there in _differing(log, warehouse)
    ]


def _differing(log: Balances, warehouse: Balances) -> list[tuple[tuple[str, ...], int]]:
    return [
        (key, warehouse.get(key, 0))
        for key in sorted(log.keys() | warehouse.keys())
        if log.get(key, 0) != warehouse.get(key, 0)
    ]
