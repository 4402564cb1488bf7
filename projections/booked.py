"""What an account booked for one deal or one payout.

A clawback must know what its deal earned, and a payout's next step where the payout
stands. That is kept beside the account, an item each, so that the account stays small
however long its history. Items evolve from the journal alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from events.instructions import AdjustmentDue, CommissionDue, Instruction, PayoutDue
from events.journal import Entry


class BookedConversion(Struct, frozen=True, gc=False, array_like=True, tag="c"):
    """A commission on a deal, and what of it was taken back."""

    unit: str
    amount: int
    """What the commission was reckoned on, minor units."""
    commission: int
    """What was booked for it, minor units."""
    conversion: str
    """Position of the deal's conversion."""
    available_at: int
    rule: str
    terms: int
    terms_at: str
    click_id: str = ""
    refunded: int = 0
    """Of `amount`."""
    reversed: int = 0
    """Of `commission`."""


class BookedPayout(Struct, frozen=True, gc=False, array_like=True, tag="p"):
    """A payout, and where it stands."""

    unit: str
    amount: int
    """Minor units in transit or paid; 0 when it was refused."""
    status: Literal["funded", "refused", "sent", "settled", "failed"]


Item = BookedConversion | BookedPayout
Lookup = Callable[[str], Item | None]
"""What one partner's account keeps under a key; None: nothing."""


def item_key(record: Instruction | Entry) -> str:
    """Key of the item a partner's record is about, the same for an instruction and its entry:
    `deal/program/deal` or `payout/program/payout`; empty when there is none (a lead, which
    is booked once and not refunded)."""
    if isinstance(record, CommissionDue):
        return f"deal/{record.program}/{record.deal}" if record.deal else ""
    if isinstance(record, PayoutDue):
        return f"payout/{record.program}/{record.payout}"
    if isinstance(record, AdjustmentDue):
        return ""
    if isinstance(record, Entry) and record.payout:
        return f"payout/{record.program}/{record.payout}"
    return f"deal/{record.program}/{record.deal}" if record.deal else ""


_STATUS: dict[str, Literal["refused", "sent", "settled", "failed"]] = {
    "payout_refused": "refused",
    "payout_sent": "sent",
    "payout_settled": "settled",
    "payout_failed": "failed",
}


def evolve_item(item: Item | None, entry: Entry) -> Item | None:
    """The item after an accepted `entry` about it; `no_effect` leaves it as it is."""
    kind = entry.kind
    if kind == "commission":
        if not entry.deal:
            return None
        return BookedConversion(
            entry.unit,
            entry.base,
            _payable(entry),
            entry.conversion,
            entry.available_at,
            entry.rule,
            entry.terms,
            entry.terms_at,
            entry.click_id,
        )
    if kind == "clawback":
        assert isinstance(item, BookedConversion), f"{entry.source}: a clawback of nothing booked"
        return _clawed_back(item, item.refunded + entry.base, item.reversed - _payable(entry))
    if kind == "payout_funded":
        return BookedPayout(entry.unit, -_payable(entry), "funded")
    if kind in _STATUS:
        amount = item.amount if isinstance(item, BookedPayout) else 0
        return BookedPayout(entry.unit, amount, _STATUS[kind])
    return item


def _clawed_back(item: BookedConversion, refunded: int, reversed: int) -> BookedConversion:
    return BookedConversion(
        item.unit,
        item.amount,
        item.commission,
        item.conversion,
        item.available_at,
        item.rule,
        item.terms,
        item.terms_at,
        item.click_id,
        refunded,
        reversed,
    )


def _payable(entry: Entry) -> int:
    return sum(leg.amount for leg in entry.legs if leg.account == "payable")
