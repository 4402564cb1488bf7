"""Booking a clawback: the refunded part of a commission, at the terms it was booked under.

In proportion to all that was refunded of the deal so far, rounded as a whole: partial
refunds in any sequence add up to exactly the commission. What is still on hold is taken
from what is pending; after a payout the balance may become negative.
"""

from __future__ import annotations

from events.instructions import RefundDue
from events.journal import Balance, Entry, Leg
from projections.balance import Account, funds_of, shown
from projections.booked import BookedConversion, Item
from projections.money import round_half_away


def decide_clawback(
    account: Account | None, item: Item | None, due: RefundDue, n: int, source: str, at: int
) -> Entry:
    """The entry of a refund; see `account.decide`."""
    why = _why_no_clawback(item, due)
    if why or not isinstance(item, BookedConversion):
        return Entry(
            n=n,
            source=source,
            partner=due.partner,
            at=at,
            kind="no_effect",
            program=due.program,
            reason=why,
            base=due.amount,
            deal=due.deal,
            event_id=due.event_id,
            conversion=due.conversion,
            previous="" if account is None else account.head,
        )
    refunded = min(due.amount, item.amount - item.refunded)
    total = round_half_away(item.commission * (item.refunded + refunded), item.amount)
    amount = total - item.reversed
    funds = funds_of(account, due.program, item.unit)
    before = shown(funds, at)
    held = amount if item.available_at > at else 0
    return Entry(
        n=n,
        source=source,
        partner=due.partner,
        at=at,
        kind="clawback",
        program=due.program,
        unit=item.unit,
        legs=(Leg("commissions", amount), Leg("payable", -amount)) if amount else (),
        balance=Balance(
            before.payable - amount, before.pending - held, before.in_transit, before.paid
        ),
        reason=due.reason if amount else "rounds_to_zero",
        rule=item.rule,
        terms=item.terms,
        terms_at=item.terms_at,
        base=refunded,
        available_at=item.available_at,
        deal=due.deal,
        event_id=due.event_id,
        conversion=due.conversion,
        click_id=item.click_id,
        previous="" if account is None else account.head,
    )


def _why_no_clawback(item: Item | None, due: RefundDue) -> str:
    if not isinstance(item, BookedConversion):
        return "nothing_booked"
    if due.deal_conversion and due.deal_conversion != item.conversion:
        return f"deal {due.deal} was booked by {item.conversion}, not {due.deal_conversion}"
    if due.currency != item.unit:
        return "currency_mismatch"
    if due.amount <= 0:
        return "amount_not_positive"
    return "" if item.refunded < item.amount else "already_refunded"
