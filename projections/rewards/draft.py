"""An entry in the making: amounts become legs.

Where a partner is owed in the program's currency, or in a unit of the program's own:

    commissions −X    payable +X

Where it is owed in another currency, both sides of the exchange are booked, and what whole
minor units gain or lose by it (V is Y at the same rate, back):

    commissions −X    exchange +V    rounding X−V        in the program's currency
    exchange −Y       payable +Y                         in the partner's

A partner that collects owes the wholesale price: the same, with `wholesale` in the place of
`commissions` and all signs turned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from msgspec import structs

from events.journal import Balance, Leg
from projections.balance import Account, funds_of
from projections.exchange import Exchange
from projections.rewards.purse import Purse, Taken, balance_after

PaidFrom = Literal["commissions", "wholesale"]


class Sums(NamedTuple):
    """An amount in all units it is booked in, minor units, signed."""

    cost: int = 0
    """X: the program's."""
    owed: int = 0
    """Y: what the partner gains."""
    changed: int = 0
    """V: `owed` in the program's currency; nothing where no currency is changed."""

    def less(self, other: Sums) -> Sums:
        """The difference."""
        return Sums(self.cost - other.cost, self.owed - other.owed, self.changed - other.changed)


class Draft:
    """Legs of an entry in the partner's unit, at the time `at` (ms).

    `money`: from the program's `currency` to the partner's `unit`.
    """

    def __init__(
        self,
        account: Account | None,
        program: str,
        currency: str,
        unit: str,
        money: Exchange,
        at: int,
    ) -> None:
        self.account = account
        self.program = program
        self.currency = currency
        self.unit = unit
        self.money = money
        self.at = at
        self.legs: list[Leg] = []
        self.back_to: dict[tuple[str, str], Taken] = {}
        """By (rule, own unit) where what is booked goes back to first, before its own `until`."""
        self._purses: dict[str, Purse] = {}

    def sums(self, cost: int, unit: str) -> Sums:
        """`cost` in the program's currency, or in its own `unit`, with what is owed for it."""
        if unit or self.unit == self.currency:
            return Sums(cost, cost, 0)
        owed = self.money.to_quote(cost)
        return Sums(cost, owed, self.money.to_base(owed))

    def book(
        self,
        rule: str,
        sums: Sums,
        until: int,
        unit: str = "",
        paid_from: PaidFrom = "commissions",
        *,
        spread: bool = False,
    ) -> None:
        """Legs of `sums` by `rule`; pending `until` (ms), 0: available at once. `unit`: a
        program's own, empty for money. `spread`: see `purse`."""
        cost, owed, _changed = sums
        if unit or self.unit == self.currency:
            if cost:
                self.legs.append(Leg(paid_from, -cost, unit, rule))
        else:
            self._book_exchange(rule, sums, paid_from)
        if owed > 0:
            self.put(rule, owed, until, unit)
        elif owed < 0:
            self.take(rule, -owed, until, unit, spread=spread)

    def put(self, rule: str, owed: int, until: int, unit: str) -> None:
        """`owed` more than zero is pending `until` (ms), 0: not; first where it goes `back_to`."""
        purse = self.purse(unit)
        if self.back_to:
            places = self.back_to.get((rule, unit), [])
            while places and owed:
                place, room = places[0]
                back = min(room, owed)
                owed -= back
                places[:1] = [(place, room - back)] if room > back else []
                self._pay(rule, purse.put(back, place), unit)
        if owed:
            self._pay(rule, purse.put(owed, until), unit)

    def take(self, rule: str, owed: int, since: int, unit: str, *, spread: bool = False) -> None:
        """`owed` more than zero, which was pending `since` (ms), is owed no longer."""
        self._pay(rule, self.purse(unit).take(owed, since, spread=spread), unit)

    def move(self, rule: str, owed: int, since: int, until: int, unit: str) -> None:
        """What is owed was pending `since`, and is pending `until` from now on; ms, 0: not."""
        self.take(rule, owed, since, unit)
        self.put(rule, owed, until, unit)

    def _pay(self, rule: str, moves: Taken, unit: str) -> None:
        for until, amount in moves:
            self.legs.append(Leg("payable", amount, unit, rule, until))

    @contextmanager
    def paid_in(self, unit: str) -> Iterator[Draft]:
        """Book in another currency than the entry's; the legs come among this draft's."""
        if unit == self.unit:
            yield self
            return
        there = Draft(self.account, self.program, self.currency, unit, self.money, self.at)
        there._purses[""] = self.purse(unit)
        yield there
        for leg in there.legs:
            named = leg.unit or unit
            self.legs.append(structs.replace(leg, unit="" if named == self.unit else named))

    def purse(self, unit: str = "") -> Purse:
        """The balances in the partner's unit (empty) or in one of the program's own."""
        found = self._purses.get(unit)
        if found is None:
            funds = funds_of(self.account, self.program, unit or self.unit)
            found = self._purses[unit] = Purse(funds, self.at)
        return found

    def balance(self) -> Balance:
        """The balances in the partner's unit, after all legs."""
        return self._balance("")

    def balances(self) -> dict[str, Balance]:
        """The balances in the other units that are moved."""
        return {unit: self._balance(unit) for unit in self._purses if unit}

    def _balance(self, unit: str) -> Balance:
        funds = self.purse(unit).funds
        return balance_after(funds, [leg for leg in self.legs if leg.unit == unit], self.at)

    def _book_exchange(self, rule: str, sums: Sums, paid_from: PaidFrom) -> None:
        cost, owed, changed = sums
        rounding = cost - changed
        for account, amount, unit in (
            (paid_from, -cost, self.currency),
            ("exchange", changed, self.currency),
            ("rounding", rounding, self.currency),
            ("exchange", -owed, ""),
        ):
            if amount:
                self.legs.append(Leg(account, amount, unit, rule))  # type: ignore[arg-type]
