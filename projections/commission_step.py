"""Booking a commission: what a lead or a deal earns under its terms, credited to the partner.

The terms in force when the deal happened, as known when it was recorded, give the amount
(`commission`). It is owed at once, and pending until the hold of the terms ends. A deal
earns once: what was booked for it before is not booked again.
"""

from __future__ import annotations

from events.instructions import CommissionDue
from events.journal import Balance, Entry, Leg
from projections.balance import Account, funds_of, pending_in
from projections.booked import Item, Lookup, booked_by
from projections.commission import commission
from projections.days import hold_end
from projections.directory import Directory
from projections.engine import require_engine
from projections.rewards.earning import decide_reward
from projections.terms_history import TermsInForce


def decide_commission(
    account: Account | None,
    lookup: Lookup,
    item: Item | None,
    due: CommissionDue,
    n: int,
    source: str,
    at: int,
    directory: Directory,
) -> Entry:
    """The entry of an attributed lead or deal; see `account.decide`."""
    known = due.known
    directory.require(known)
    program = directory.program(due.program, known)
    in_force = directory.terms(due.program, known, due.occurred_at, due.partner)
    if program is None or in_force is None:
        return _no_effect(account, due, n, source, at, "no_terms", None)
    require_engine(in_force)
    if in_force.terms.engine != "1":
        return decide_reward(
            account, lookup, item, due, n, source, at, directory, program.currency, in_force
        )
    if by := booked_by(item):
        why = f"deal {due.deal} was booked by {by}"
        return _no_effect(account, due, n, source, at, why, in_force)
    terms = in_force.terms
    earned = commission(due, terms, program.currency)
    if earned.reason:
        return _no_effect(account, due, n, source, at, earned.reason, in_force, earned.rule)
    amount = earned.amount
    available_at = hold_end(due.occurred_at, terms.hold_days)
    funds = funds_of(account, due.program, earned.unit)
    pending = pending_in(funds, at) + (amount if available_at > at else 0)
    return Entry(  # by place: this is the hot path
        n,
        source,
        due.partner,
        at,
        "commission",
        due.program,
        earned.unit,
        (Leg("commissions", -amount), Leg("payable", amount)),
        Balance(funds.payable + amount, pending, funds.in_transit, funds.paid),
        "",
        earned.rule,
        terms.version,
        in_force.position,
        due.amount,
        available_at,
        due.deal,
        due.event_id,
        "",
        due.conversion,
        due.click_id,
        "" if account is None else account.head,
    )


def _no_effect(
    account: Account | None,
    due: CommissionDue,
    n: int,
    source: str,
    at: int,
    why: str,
    in_force: TermsInForce | None,
    rule: str = "",
) -> Entry:
    return Entry(
        n=n,
        source=source,
        partner=due.partner,
        at=at,
        kind="no_effect",
        program=due.program,
        reason=why,
        rule=rule,
        terms=0 if in_force is None else in_force.terms.version,
        terms_at="" if in_force is None else in_force.position,
        base=due.amount,
        deal=due.deal,
        event_id=due.event_id,
        conversion=due.conversion,
        click_id=due.click_id,
        previous="" if account is None else account.head,
    )
