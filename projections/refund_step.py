"""Booking a refund under engine 2: its part of every line is taken back, and what the partner's
tiers and bonuses had gained by it.

At the terms and rates of the deal, whatever they are by now. What was held is taken from what
is held; after a payout the balance may become negative.
"""

from __future__ import annotations

from msgspec import structs

from events.instructions import RefundDue
from events.journal import Entry
from projections.balance import Account
from projections.booked import Lookup
from projections.booked_reward import BookedReward
from projections.directory import Directory
from projections.reward_fold import refunded
from projections.rewards.unwinding import draft_of, plan_of, unwind


def decide_refund(
    account: Account | None,
    lookup: Lookup,
    item: BookedReward,
    due: RefundDue,
    n: int,
    source: str,
    at: int,
    directory: Directory,
) -> Entry:
    """The entry of a refund of a deal that engine 2 paid; see `account.decide`."""
    why = _why_nothing(item, due)
    bare = Entry(
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
        engine="2",
        occurred_at=due.occurred_at,
        currency=due.currency,
        via=due.via,
        level=due.level,
    )
    if why:
        return bare
    amount = min(due.amount, item.amount - item.refunded)
    after = refunded(item, item.refunded + amount)
    draft = draft_of(account, item, due.program, directory, at)
    counters = unwind(draft, item, after, lookup, plan_of(directory, due.program, item))
    return structs.replace(
        bare,
        kind="clawback",
        unit=item.unit,
        legs=tuple(draft.legs),
        balance=draft.balance(),
        reason=due.reason if draft.legs or not item.lines else "rounds_to_zero",
        rule=item.rule,
        terms=item.terms,
        terms_at=item.terms_at,
        base=amount,
        available_at=item.available_at,
        click_id=item.click_id,
        currency="" if item.currency == item.unit else item.currency,
        share=item.share,
        counters=counters,
        balances=draft.balances(),
        rates=item.rates,
    )


def _why_nothing(item: BookedReward, due: RefundDue) -> str:
    if due.deal_conversion and due.deal_conversion != item.conversion:
        return f"deal {due.deal} was booked by {item.conversion}, not {due.deal_conversion}"
    if item.status == "rejected":
        return "already_rejected"
    if due.currency != item.currency:
        return "currency_mismatch"
    if due.amount <= 0:
        return "amount_not_positive"
    return "already_refunded" if item.complete else ""
