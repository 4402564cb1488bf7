"""The steps of a payout in the account: money is paid in two phases.

    requested  payable → in_transit  (funded), or refused when it is not available
    sent       no money moves
    settled    in_transit → paid
    failed     in_transit → payable

A payout has at most one outcome. A step that does not fit where the payout stands
(settled twice, sent before it was funded, a payout nobody asked for) books nothing.
"""

from __future__ import annotations

from events.instructions import PayoutDue
from events.journal import Balance, Entry, EntryKind, Leg
from projections.balance import Account, funds_of, shown
from projections.booked import BookedPayout, Item

UNDER_WAY = ("funded", "sent")
"""Where a payout can still be settled or fail."""


def decide_payout(
    account: Account | None, item: Item | None, due: PayoutDue, n: int, source: str, at: int
) -> Entry:
    """The entry of a payout's step; see `account.decide`."""
    payout = item if isinstance(item, BookedPayout) else None
    if due.step == "requested":
        if payout is not None:
            return _no_effect(account, due, n, source, at, f"already {payout.status}")
        return _request(account, due, n, source, at)
    if payout is None:
        return _no_effect(account, due, n, source, at, "unknown_payout")
    if payout.status not in UNDER_WAY or (due.step == "sent" and payout.status == "sent"):
        return _no_effect(account, due, n, source, at, f"already {payout.status}")
    amount = payout.amount
    if due.step == "sent":
        return _entry(account, due, n, source, at, "payout_sent", payout.unit)
    if due.step == "settled":
        legs = (Leg("in_transit", -amount), Leg("paid", amount))
        return _entry(account, due, n, source, at, "payout_settled", payout.unit, legs)
    legs = (Leg("in_transit", -amount), Leg("payable", amount))
    return _entry(account, due, n, source, at, "payout_failed", payout.unit, legs, due.reason)


def _request(account: Account | None, due: PayoutDue, n: int, source: str, at: int) -> Entry:
    before = shown(funds_of(account, due.program, due.unit), at)
    ready = before.payable - before.pending
    amount = due.amount or ready
    if 0 < amount <= ready:
        legs = (Leg("payable", -amount), Leg("in_transit", amount))
        return _entry(account, due, n, source, at, "payout_funded", due.unit, legs)
    asked = due.amount or "all"
    why = f"available {ready}, asked {asked} (minor units of {due.unit})"
    return _entry(account, due, n, source, at, "payout_refused", due.unit, (), why)


def _entry(
    account: Account | None,
    due: PayoutDue,
    n: int,
    source: str,
    at: int,
    kind: EntryKind,
    unit: str,
    legs: tuple[Leg, ...] = (),
    reason: str = "",
) -> Entry:
    moved = {leg.account: leg.amount for leg in legs}
    before = shown(funds_of(account, due.program, unit), at)
    balance = Balance(
        before.payable + moved.get("payable", 0),
        before.pending,
        before.in_transit + moved.get("in_transit", 0),
        before.paid + moved.get("paid", 0),
    )
    return Entry(
        n=n,
        source=source,
        partner=due.partner,
        at=at,
        kind=kind,
        program=due.program,
        unit=unit,
        legs=legs,
        balance=balance,
        reason=reason,
        payout=due.payout,
        previous="" if account is None else account.head,
    )


def _no_effect(
    account: Account | None, due: PayoutDue, n: int, source: str, at: int, why: str
) -> Entry:
    return Entry(
        n=n,
        source=source,
        partner=due.partner,
        at=at,
        kind="no_effect",
        program=due.program,
        reason=f"{due.step}: {why}",
        payout=due.payout,
        previous="" if account is None else account.head,
    )
