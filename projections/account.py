"""Posting: one journal entry for each instruction of a partner.

`decide` reckons the entry from the account, the items it looks up (a deal, a payout, the
partner's tally) and the directory; `evolve` moves account and items by the entry. An entry
carries both legs of its posting, the balances after it, what it cites, and the hash of the
entry before: money is conserved in each record, and each record proves the one before it.

`commission_step`, `clawback_step` and `payout_step` reckon one kind of entry each. An
instruction that books nothing still gets its entry (`no_effect`, with the reason), so
that every instruction can be seen to be answered.
"""

from __future__ import annotations

from hashlib import sha256

from events.instructions import CommissionDue, Instruction, PayoutDue, RefundDue
from events.journal import Entry
from projections.balance import Account, after, available, funds_of, pending
from projections.booked import (
    BookedConversion,
    BookedPayout,
    Item,
    Lookup,
    evolve_item,
    item_key,
)
from projections.clawback_step import decide_clawback
from projections.commission_step import decide_commission
from projections.directory import Directory
from projections.payout_step import decide_payout

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
    key = item_key(instruction)
    item = lookup(key) if key else None
    if isinstance(instruction, CommissionDue):
        return decide_commission(account, item, instruction, n, source, at, directory)
    if isinstance(instruction, RefundDue):
        return decide_clawback(account, item, instruction, n, source, at)
    if isinstance(instruction, PayoutDue):
        return decide_payout(account, item, instruction, n, source, at)
    raise NotImplementedError(type(instruction).__name__)


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
        key = f"{entry.program}/{entry.unit}"
        moved = after(funds_of(account, entry.program, entry.unit), entry)
        funds = {**funds, key: moved}
    key = item_key(entry)
    if not key:
        return Account(head, funds), {}
    item = lookup(key)
    evolved = evolve_item(item, entry)
    if evolved is None or evolved is item:
        return Account(head, funds), {}
    return Account(head, funds), {key: evolved}
