"""The steps of a payout in the account: money is paid in two phases.

    requested  payable → in_transit  (funded), or refused when it is not available
    sent       no money moves
    settled    in_transit → paid
    failed     in_transit → payable
    returned   paid → payable: the bank sent it back

Under terms of engine 2 a part may be withheld for the tax office, and fees be kept: they leave
with the money and come back with it. A payout has at most one outcome, though one that was
settled may still be returned. A step that does not fit where the payout stands
(settled twice, sent before it was funded, a payout nobody asked for) books nothing.
"""

from __future__ import annotations

from typing import Literal

from msgspec import structs

from events.instructions import PayoutDue
from events.journal import Balance, Entry, EntryKind, Leg
from projections.balance import Account, funds_of, shown
from projections.booked import BookedPayout, Item
from projections.directory import Directory
from projections.payout_terms import PayoutRules, kept, payout_terms

UNDER_WAY = ("funded", "sent")
"""Where a payout can still be settled or fail."""


def decide_payout(
    account: Account | None,
    item: Item | None,
    due: PayoutDue,
    n: int,
    source: str,
    at: int,
    directory: Directory,
) -> Entry:
    """The entry of a payout's step; see `account.decide`. Raises DirectoryBehind."""
    payout = item if isinstance(item, BookedPayout) else None
    if due.step == "requested":
        if payout is not None:
            return _no_effect(account, due, n, source, at, f"already {payout.status}")
        return _request(account, due, n, source, at, payout_terms(directory, due))
    if payout is None:
        return _no_effect(account, due, n, source, at, "unknown_payout")
    if due.step == "returned" and payout.status == "settled":
        legs = _legs("paid", payout, -1)
        return _entry(account, due, n, source, at, "payout_returned", payout.unit, legs, due.reason)
    if due.step == "returned":
        return _no_effect(account, due, n, source, at, f"not settled but {payout.status}")
    if payout.status not in UNDER_WAY or (due.step == "sent" and payout.status == "sent"):
        return _no_effect(account, due, n, source, at, f"already {payout.status}")
    if due.step == "sent":
        return _entry(account, due, n, source, at, "payout_sent", payout.unit)
    if due.step == "settled":
        net = payout.amount - payout.withheld - payout.fees
        legs = (Leg("in_transit", -net), Leg("paid", net))
        return _entry(account, due, n, source, at, "payout_settled", payout.unit, legs)
    legs = _legs("in_transit", payout, -1)
    return _entry(account, due, n, source, at, "payout_failed", payout.unit, legs, due.reason)


def _request(
    account: Account | None,
    due: PayoutDue,
    n: int,
    source: str,
    at: int,
    rules: PayoutRules | None,
) -> Entry:
    before = shown(funds_of(account, due.program, due.unit), at)
    ready = before.payable - before.pending
    amount = due.amount or ready
    if rules is not None:
        return _request_under(account, due, n, source, at, rules, amount, ready)
    if 0 < amount <= ready:
        legs = (Leg("payable", -amount), Leg("in_transit", amount))
        return _entry(account, due, n, source, at, "payout_funded", due.unit, legs)
    return _entry(
        account, due, n, source, at, "payout_refused", due.unit, (), _too_little(due, ready)
    )


def _request_under(
    account: Account | None,
    due: PayoutDue,
    n: int,
    source: str,
    at: int,
    rules: PayoutRules,
    gross: int,
    ready: int,
) -> Entry:
    """The answer to a request under terms of engine 2."""
    in_force = rules.in_force
    found = kept(rules, due, gross, ready)
    why = found.why or ("" if 0 < gross <= ready else _too_little(due, ready))
    kind: EntryKind = "payout_refused" if why else "payout_funded"
    payout = BookedPayout(due.unit, gross, "funded", found.withheld, found.fees)
    legs = () if why else _legs("in_transit", payout, 1)
    made = _entry(account, due, n, source, at, kind, due.unit, legs, why)
    return structs.replace(
        made,
        terms=in_force.terms.version,
        terms_at=in_force.position,
        engine=in_force.terms.engine,
    )


def _too_little(due: PayoutDue, ready: int) -> str:
    asked = due.amount or "all"
    return f"available {ready}, asked {asked} (minor units of {due.unit})"


def _legs(
    account: Literal["in_transit", "paid"], payout: BookedPayout, sign: int
) -> tuple[Leg, ...]:
    """From payable to where a payout's parts go (`sign` 1), or back (-1)."""
    net = payout.amount - payout.withheld - payout.fees
    if sign > 0:
        legs = [Leg("payable", -payout.amount), Leg(account, net)]
    else:
        legs = [Leg(account, -net), Leg("payable", payout.amount)]
    if payout.withheld:
        legs.append(Leg("withholding", sign * payout.withheld))
    if payout.fees:
        legs.append(Leg("fees", sign * payout.fees))
    return tuple(legs)


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
        run=due.run,
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
        run=due.run,
    )
