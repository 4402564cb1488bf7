"""Posting: one journal entry for each instruction of a partner.

`decide` reckons the entry from the account, the item it is about (a deal, a payout) and
the directory; `evolve` moves account and item by the entry. An entry carries both legs of
its posting, the balances after it, what it cites, and the hash of the entry before: money
is conserved in each record, and each record proves the one before it.

An instruction that books nothing still gets its entry (`no_effect`, with the reason), so
that every instruction can be seen to be answered.
"""

from __future__ import annotations

from hashlib import sha256

from events.instructions import CommissionDue, Instruction, RefundDue
from events.journal import Balance, Entry, Leg
from projections.balance import (
    Account,
    after,
    available,
    funds_of,
    pending,
    pending_in,
    shown,
)
from projections.booked import (
    BookedConversion,
    BookedPayout,
    Item,
    evolve_item,
    item_key,
)
from projections.commission import commission
from projections.days import hold_end
from projections.directory import Directory
from projections.engine import require_engine
from projections.money import round_half_away
from projections.payout_step import decide_payout
from projections.terms_history import TermsInForce

__all__ = [
    "Account",
    "BookedConversion",
    "BookedPayout",
    "Item",
    "available",
    "decide",
    "evolve",
    "item_key",
    "pending",
]


def decide(
    account: Account | None,
    item: Item | None,
    instruction: Instruction,
    *,
    n: int,
    source: str,
    at: int,
    directory: Directory,
) -> Entry:
    """Entry `n` of the partition, for the instruction at position `source`.

    `at`: the greater of the broker's time of the instruction and the partition's last
    entry's, ms. Raises DirectoryBehind and UnknownEngine, as `attribution.decide` does.
    """
    if isinstance(instruction, CommissionDue):
        return _commission(account, item, instruction, n, source, at, directory)
    if isinstance(instruction, RefundDue):
        return _clawback(account, item, instruction, n, source, at)
    return decide_payout(account, item, instruction, n, source, at)


def evolve(
    account: Account | None, item: Item | None, entry: Entry, value: bytes
) -> tuple[Account, Item | None]:
    """Account and item after an accepted entry; `value`: the bytes of its journal record.

    What was passed in is left as it is.
    """
    head = sha256(value).hexdigest()
    funds = {} if account is None else account.funds
    if entry.legs:
        key = f"{entry.program}/{entry.unit}"
        moved = after(funds_of(account, entry.program, entry.unit), entry)
        funds = {**funds, key: moved}
    return Account(head, funds), evolve_item(item, entry)


def _commission(
    account: Account | None,
    item: Item | None,
    due: CommissionDue,
    n: int,
    source: str,
    at: int,
    directory: Directory,
) -> Entry:
    known = due.known
    directory.require(known)
    program = directory.program(due.program, known)
    in_force = directory.terms(due.program, known, due.occurred_at)
    if program is None or in_force is None:
        return _no_commission(account, due, n, source, at, "no_terms", None)
    require_engine(in_force)
    if isinstance(item, BookedConversion):
        why = f"deal {due.deal} was booked by {item.conversion}"
        return _no_commission(account, due, n, source, at, why, in_force)
    terms = in_force.terms
    earned = commission(due, terms, program.currency)
    if earned.reason:
        return _no_commission(account, due, n, source, at, earned.reason, in_force, earned.rule)
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


def _no_commission(
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


def _clawback(
    account: Account | None, item: Item | None, due: RefundDue, n: int, source: str, at: int
) -> Entry:
    """Take back the refunded part of a commission, at the terms it was booked under.

    In proportion to all that was refunded of the deal so far, rounded as a whole: partial
    refunds in any sequence add up to exactly the commission.
    """
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
