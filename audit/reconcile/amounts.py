"""Amounts on two sides, what differs between them, and the sums that this explains.

A mismatch names both places: the ledger's by its position in the log, the other's by file and
line. What the other side has more in total must be the sum of what the mismatches have more:
`unexplained` is what is left, and is zero, or the comparison itself is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field


class Mismatch(Struct, frozen=True):
    """One thing that is not the same on both sides. Minor units of `unit`, signed."""

    kind: str
    subject: str
    """The payout, or the deal."""
    unit: str
    ours_amount: int = 0
    theirs_amount: int = 0
    ours: str = ""
    """Position in the ledger's log; empty: it is not there."""
    theirs: str = ""
    """File and line; empty: it is not there."""
    note: str = ""

    @property
    def difference(self) -> int:
        """What the other side has more."""
        return self.theirs_amount - self.ours_amount


class UnitSums(Struct):
    """The sums of one unit, minor units."""

    unit: str
    ours: int = 0
    theirs: int = 0
    explained: dict[str, int] = field(default_factory=dict)
    """Kind of mismatch → what the other side has more by mismatches of this kind."""

    @property
    def difference(self) -> int:
        """What the other side has more."""
        return self.theirs - self.ours

    @property
    def unexplained(self) -> int:
        """What no mismatch explains."""
        return self.difference - sum(self.explained.values())


def unit_sums(
    ours: Iterable[tuple[str, int]],
    theirs: Iterable[tuple[str, int]],
    mismatches: Iterable[Mismatch],
) -> list[UnitSums]:
    """The sums of every unit. `ours` and `theirs`: unit and amount of all that was compared,
    taken from the sides themselves, not from the mismatches."""
    found: dict[str, UnitSums] = {}

    def of(unit: str) -> UnitSums:
        return found.setdefault(unit, UnitSums(unit))

    for unit, amount in ours:
        of(unit).ours += amount
    for unit, amount in theirs:
        of(unit).theirs += amount
    for one in mismatches:
        if one.difference:
            explained = of(one.unit).explained
            explained[one.kind] = explained.get(one.kind, 0) + one.difference
    return [found[unit] for unit in sorted(found)]
