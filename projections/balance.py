"""An account: what one partner is owed, program by program and unit by unit.

Pending is not moved to available by any timer: a credit carries the time from which it
can be paid, and both are functions of the time that is asked for. What is pending is kept
as one amount for each such time, and dropped once that time has passed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from events.journal import Balance, Entry, Leg


class Funds(Struct, frozen=True, gc=False, array_like=True):
    """A partner's balances in one program and unit, minor units."""

    payable: int = 0
    in_transit: int = 0
    paid: int = 0
    holds: dict[int, int] = {}
    """Time from which it is available (ms) → what of `payable` is pending until then."""


class Account(Struct, frozen=True, gc=False, array_like=True):
    """What posting knows of a partner."""

    head: str = ""
    """SHA-256 of the bytes of the partner's newest journal record, in hex."""
    funds: dict[str, Funds] = {}
    """By `program/unit`."""


EMPTY = Funds()


def funds_of(account: Account | None, program: str, unit: str) -> Funds:
    """The balances in one program and unit; zero where nothing was booked."""
    return EMPTY if account is None else account.funds.get(f"{program}/{unit}", EMPTY)


def pending_in(funds: Funds, at: int) -> int:
    """What is still on hold at time `at` (ms)."""
    return sum(_still(funds.holds, at).values())


def _still(holds: dict[int, int], at: int) -> dict[int, int]:
    """Those that have not ended at `at` (ms): nearly always all of them."""
    if not holds or min(holds) > at:
        return holds
    return {until: amount for until, amount in holds.items() if until > at}


def pending(account: Account | None, program: str, unit: str, at: int) -> int:
    """Minor units owed but on hold at time `at` (ms)."""
    return pending_in(funds_of(account, program, unit), at)


def available(account: Account | None, program: str, unit: str, at: int) -> int:
    """Minor units that can be paid out at time `at` (ms); negative after a clawback of what
    was paid already, until later earnings fill it.

    `at` is not earlier than the account's newest entry: what has become available by then
    is no longer kept apart.
    """
    funds = funds_of(account, program, unit)
    return funds.payable - pending_in(funds, at)


def after(funds: Funds, entry: Entry) -> Funds:
    """The balances after `entry`; its legs move them, its `available_at` the holds."""
    payable, in_transit, paid = funds.payable, funds.in_transit, funds.paid
    held = 0
    for leg in entry.legs:
        if leg.account == "payable":
            payable += leg.amount
            held += leg.amount
        elif leg.account == "in_transit":
            in_transit += leg.amount
        elif leg.account == "paid":
            paid += leg.amount
    at = entry.at
    holds = dict(_still(funds.holds, at))
    if entry.available_at > at and held:
        left = holds.get(entry.available_at, 0) + held
        if left:
            holds[entry.available_at] = left
        else:
            holds.pop(entry.available_at, None)
    return Funds(payable, in_transit, paid, holds)


def after_each(account: Account | None, entry: Entry) -> dict[str, Funds]:
    """Funds of all units after an entry of engine 2, each of whose legs says until when it is
    pending."""
    funds = {} if account is None else dict(account.funds)
    for leg in entry.legs:
        if leg.unit:
            break
    else:  # nearly always
        key = f"{entry.program}/{entry.unit}"
        funds[key] = after_legs(funds.get(key, EMPTY), entry.legs, entry.at)
        return funds
    for unit in entry.units():
        legs = [leg for leg in entry.legs if (leg.unit or entry.unit) == unit]
        if any(leg.account in MOVED for leg in legs):
            key = f"{entry.program}/{unit}"
            funds[key] = after_legs(funds.get(key, EMPTY), legs, entry.at)
    return funds


MOVED = ("payable", "in_transit", "paid")
"""The accounts that a partner has a balance in."""


def after_legs(funds: Funds, legs: Sequence[Leg], at: int) -> Funds:
    """The balances of a unit at `at` (ms), after its legs."""
    payable, in_transit, paid = funds.payable, funds.in_transit, funds.paid
    holds = dict(_still(funds.holds, at))
    for leg in legs:
        account = leg.account
        if account == "payable":
            payable += leg.amount
            until = leg.available_at
            if until > at:
                left = holds.get(until, 0) + leg.amount
                if left:
                    holds[until] = left
                else:
                    del holds[until]
        elif account == "in_transit":
            in_transit += leg.amount
        elif account == "paid":
            paid += leg.amount
    return Funds(payable, in_transit, paid, holds)


def shown(funds: Funds, at: int) -> Balance:
    """The balances as a journal entry states them."""
    return Balance(funds.payable, pending_in(funds, at), funds.in_transit, funds.paid)
