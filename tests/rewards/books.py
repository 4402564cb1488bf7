"""An auditor that knows nothing of the rules: balances by adding up every leg there is."""

from __future__ import annotations

from collections import defaultdict

from events.journal import Balance, Entry


class Book:
    """All legs of one program, by partner, unit and account."""

    def __init__(self) -> None:
        self.totals: dict[tuple[str, str, str], int] = defaultdict(int)
        self.pending_until: dict[tuple[str, str, int], int] = defaultdict(int)
        """(partner, unit, time) → what of payable is pending until then."""
        self.counters: dict[tuple[str, str], int] = defaultdict(int)

    def book(self, entry: Entry) -> None:
        """Take an entry; AssertionError where its legs do not sum to zero in each unit."""
        sums: dict[str, int] = defaultdict(int)
        for leg in entry.legs:
            unit = leg.unit or entry.unit
            assert leg.amount, f"a leg of nothing: {entry}"
            sums[unit] += leg.amount
            self.totals[entry.partner, unit, leg.account] += leg.amount
            if leg.account == "payable":
                self.pending_until[entry.partner, unit, leg.available_at] += leg.amount
        assert not any(sums.values()), f"does not sum to zero: {entry}"
        for name, gain in entry.counters.items():
            self.counters[entry.partner, name] += gain

    def total(self, partner: str, unit: str, account: str) -> int:
        return self.totals[partner, unit, account]

    def pending(self, partner: str, unit: str, at: int) -> int:
        return sum(
            amount
            for (who, what, until), amount in self.pending_until.items()
            if (who, what) == (partner, unit) and until > at
        )

    def available(self, partner: str, unit: str, at: int) -> int:
        return self.total(partner, unit, "payable") - self.pending(partner, unit, at)

    def balance(self, partner: str, unit: str, at: int) -> Balance:
        return Balance(
            self.total(partner, unit, "payable"),
            self.pending(partner, unit, at),
            self.total(partner, unit, "in_transit"),
            self.total(partner, unit, "paid"),
        )

    def units(self, partner: str) -> set[str]:
        return {unit for who, unit, _ in self.totals if who == partner}
