"""The balances of one unit while an entry is made: where money is put, and taken from.

What is taken back comes from what is pending until the same time, as long as that is pending;
else from what is available, which may become negative (a debt that later earnings fill). An
amount that was reckoned over many deals (a retroactive tier, a bonus) has no time of its own:
what its deal's time does not hold is taken from what is available, then from what is pending
longest. No time's pending amount is ever taken below zero.
"""

from __future__ import annotations

from events.journal import HELD, Balance, Leg
from projections.balance import Funds, pending_in

Taken = list[tuple[int, int]]
"""(until when it is pending, ms, or 0; minor units)."""


class Purse:
    """A unit's funds at the time `at` (ms), and what an entry moves in them so far."""

    def __init__(self, funds: Funds, at: int) -> None:
        self.funds = funds
        self.at = at
        self._payable = funds.payable
        self._put: Taken = []
        self._holds: dict[int, int] | None = None
        """Made when something is first taken; from then on it follows each move."""

    def put(self, amount: int, until: int) -> Taken:
        """Where `amount` more than zero goes: pending `until` (ms), or available."""
        return self._moved([(until if until > self.at else 0, amount)])

    def take(self, amount: int, until: int, *, spread: bool = False) -> Taken:
        """Where `amount` more than zero is taken from; it was pending `until` (ms).

        `spread`: it was reckoned over many deals.
        """
        holds = self._held()
        found: Taken = []
        pending = until > self.at
        if pending and (own := min(amount, holds.get(until, 0))) > 0:
            found += self._moved([(until, -own)])
            amount -= own
        if amount and (spread or pending):
            free = self._payable - sum(holds.values())
            if (own := min(amount, free)) > 0:
                found += self._moved([(0, -own)])
                amount -= own
            for later in sorted(holds, reverse=True):
                own = min(amount, holds[later])
                if later != HELD and own > 0:
                    found += self._moved([(later, -own)])
                    amount -= own
        if amount:
            found += self._moved([(0, -amount)])
        return found

    def _held(self) -> dict[int, int]:
        if self._holds is None:
            at = self.at
            self._holds = {until: sum for until, sum in self.funds.holds.items() if until > at}
            for until, amount in self._put:
                self._holds[until] = self._holds.get(until, 0) + amount
        return self._holds

    def _moved(self, moves: Taken) -> Taken:
        for until, amount in moves:
            self._payable += amount
            if until and self._holds is not None:
                self._holds[until] = self._holds.get(until, 0) + amount
            elif until:
                self._put.append((until, amount))
        return moves


def balance_after(funds: Funds, legs: list[Leg], at: int) -> Balance:
    """The balances of a unit at `at` (ms), after `legs` of it."""
    payable, pending = funds.payable, pending_in(funds, at)
    in_transit, paid = funds.in_transit, funds.paid
    for leg in legs:
        if leg.account == "payable":
            payable += leg.amount
            if leg.available_at > at:
                pending += leg.amount
        elif leg.account == "in_transit":
            in_transit += leg.amount
        elif leg.account == "paid":
            paid += leg.amount
    return Balance(payable, pending, in_transit, paid)
