"""Posting: one journal entry for each instruction of a partner.

`decide` reckons the entry from the account, the item it is about (a deal, a payout) and
the directory; `evolve` moves account and item by the entry. An entry carries both legs of
its posting, the balances after it, what it cites, and the hash of the entry before: money
is conserved in each record, and each record proves the one before it.

`commission_step`, `clawback_step` and `payout_step` reckon one kind of entry each. An
instruction that books nothing still gets its entry (`no_effect`, with the reason), so
that every instruction can be seen to be answered.
"""

from __future__ import annotations

from hashlib import sha256

from events.instructions import CommissionDue, Instruction, RefundDue
from events.journal import Entry
from projections.balance import Account, after, available, funds_of, pending
from projections.booked import BookedConversion, BookedPayout, Item, evolve_item, item_key
from projections.clawback_step import decide_clawback
from projections.commission_step import decide_commission
from projections.directory import Directory
from projections.payout_step import decide_payout

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
        return decide_commission(account, item, instruction, n, source, at, directory)
    if isinstance(instruction, RefundDue):
        return decide_clawback(account, item, instruction, n, source, at)
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
