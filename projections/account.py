"""Posting: one journal entry for each instruction of a partner.

`decide` reckons the entry from the account, the items it looks up (a deal, a payout, the
partner's tally) and the directory; `evolve` moves account and items by the entry. An entry
carries both legs of its posting, the balances after it, what it cites, and the hash of the
entry before: money is conserved in each record, and each record proves the one before it.

`commission_step`, `clawback_step`, `refund_step`, `review_step`, `adjustment_step` and
`payout_step` reckon one kind of entry each. An
instruction that books nothing still gets its entry (`no_effect`, with the reason), so
that every instruction can be seen to be answered.
"""

from __future__ import annotations

from hashlib import sha256

from events.instructions import CommissionDue, Instruction, PayoutDue, RefundDue, ReviewDue
from events.journal import Entry
from projections.adjustment_step import decide_adjustment
from projections.balance import Account, after, after_each, available, funds_of, pending
from projections.booked import (
    BookedConversion,
    BookedPayout,
    BookedPerson,
    Item,
    Lookup,
    conversion_key,
    evolve_item,
    item_key,
    person_key,
)
from projections.booked_reward import BookedReward
from projections.clawback_step import decide_clawback
from projections.commission_step import decide_commission
from projections.directory import Directory
from projections.payout_step import decide_payout
from projections.refund_step import decide_refund
from projections.review_step import decide_review
from projections.reward_fold import booked
from projections.rewards.tallying import counters_of
from projections.tally import Tally, gained, tally_key

__all__ = [
    "Account",
    "BookedConversion",
    "BookedPayout",
    "Item",
    "Lookup",
    "available",
    "decide",
    "evolve",
    "item_key",
    "pending",
]


def decide(
    account: Account | None,
    lookup: Lookup,
    instruction: Instruction,
    *,
    n: int,
    source: str,
    at: int,
    directory: Directory,
) -> Entry:
    """Entry `n` of the partition, for the instruction at position `source`.

    `lookup`: what the partner's account keeps under a key (`booked`), or None. `at`: the
    greater of the broker's time of the instruction and the partition's last
    entry's, ms. Raises DirectoryBehind and UnknownEngine, as `attribution.decide` does.
    """
    if isinstance(instruction, CommissionDue):
        key = conversion_key(instruction)
        item = lookup(key) if key else None
        return decide_commission(account, lookup, item, instruction, n, source, at, directory)
    key = item_key(instruction)
    item = lookup(key) if key else None
    if isinstance(instruction, RefundDue):
        if isinstance(item, BookedReward):
            return decide_refund(account, lookup, item, instruction, n, source, at, directory)
        return decide_clawback(account, item, instruction, n, source, at)
    if isinstance(instruction, PayoutDue):
        return decide_payout(account, item, instruction, n, source, at, directory)
    if isinstance(instruction, ReviewDue):
        return decide_review(account, lookup, item, instruction, n, source, at, directory)
    return decide_adjustment(account, item, instruction, n, source, at)


def evolve(
    account: Account | None, lookup: Lookup, entry: Entry, value: bytes
) -> tuple[Account, dict[str, Item]]:
    """The account after an accepted entry, and by key the items that it changed; `value`: the
    bytes of its journal record.

    What was passed in is left as it is.
    """
    head = sha256(value).hexdigest()
    funds = {} if account is None else account.funds
    if entry.legs:
        if entry.engine:
            funds = after_each(account, entry)
        else:
            key = f"{entry.program}/{entry.unit}"
            moved = after(funds_of(account, entry.program, entry.unit), entry)
            funds = {**funds, key: moved}
    return Account(head, funds), _changed(lookup, entry)


def _changed(lookup: Lookup, entry: Entry) -> dict[str, Item]:
    """The items that an entry changes."""
    kind = entry.kind
    if kind == "no_effect":
        return {}
    key = conversion_key(entry) if kind == "commission" else item_key(entry)
    if not key:
        return {}
    changed: dict[str, Item] = {}
    if kind == "commission" and entry.engine:
        changed[key] = booked(entry)
        if entry.identity and not entry.level:
            person = person_key(entry.program, entry.identity)
            if lookup(person) is None:
                changed[person] = BookedPerson(entry.customer)
    else:
        item = lookup(key)
        evolved = evolve_item(item, entry)
        if evolved is not None and evolved is not item:
            changed[key] = evolved
    if entry.counters:
        tally = tally_key(entry.program)
        changed[tally] = Tally(gained(counters_of(lookup, entry.program), entry.counters))
    return changed
