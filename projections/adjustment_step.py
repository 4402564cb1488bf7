"""Amounts that no conversion caused: corrections, prizes, what partners pay to the program.

    adjustment, award     commissions → payable
    payment_received      receipts → payable: a reseller's debt is settled

Each is booked once: its id says which it is.
"""

from __future__ import annotations

from events.instructions import AdjustmentDue
from events.journal import Balance, Entry, Leg
from projections.balance import Account, funds_of, shown
from projections.booked import Item


def decide_adjustment(
    account: Account | None, item: Item | None, due: AdjustmentDue, n: int, source: str, at: int
) -> Entry:
    """The entry of an adjustment, a prize or a payment received; see `account.decide`."""
    head = "" if account is None else account.head
    rule = due.adjustment if due.kind == "award" else ""
    why = "zero_amount" if not due.amount else ""
    if item is not None:
        why = f"already_booked: {due.kind} {due.adjustment}"
    if why:
        return Entry(
            n=n,
            source=source,
            partner=due.partner,
            at=at,
            kind="no_effect",
            program=due.program,
            reason=why,
            rule=rule,
            previous=head,
            adjustment=due.adjustment,
            by=due.by,
        )
    before = shown(funds_of(account, due.program, due.unit), at)
    other = Leg("receipts" if due.kind == "payment_received" else "commissions", -due.amount)
    return Entry(
        n=n,
        source=source,
        partner=due.partner,
        at=at,
        kind=due.kind,
        program=due.program,
        unit=due.unit,
        legs=(other, Leg("payable", due.amount)),
        balance=Balance(
            before.payable + due.amount, before.pending, before.in_transit, before.paid
        ),
        reason=due.reason,
        rule=rule,
        previous=head,
        adjustment=due.adjustment,
        by=due.by,
    )
