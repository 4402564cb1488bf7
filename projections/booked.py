"""What an account keeps beside its balances: an item for each thing it booked.

A clawback must know what its deal earned, and a payout's next step where the payout
stands. That is kept beside the account, an item each, so that the account stays small
however long its history. Items evolve from the journal alone. Their keys:

    deal/PROGRAM/DEAL               a commission on a deal
    override/PROGRAM/VIA/DEAL       one on a deal that a sub-partner brought
    lead/PROGRAM/EVENT              one on a lead; override_lead/PROGRAM/VIA/EVENT a sub-partner's
    payout/PROGRAM/PAYOUT
    adjustment/PROGRAM/KIND/ID      an amount that no conversion caused
    person/PROGRAM/IDENTITY         under which customer id a person was brought
    tally/PROGRAM                   what tiers, bonuses and caps count by
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from events.instructions import (
    AdjustmentDue,
    CommissionDue,
    Instruction,
    PayoutDue,
    RefundDue,
    ReviewDue,
)
from events.journal import Entry
from projections.booked_reward import BookedReward
from projections.reward_fold import booked, evolve_reward, of_engine_1
from projections.tally import Tally


class BookedConversion(Struct, frozen=True, gc=False, array_like=True, tag="c"):
    """A commission of engine 1 on a deal, and what of it was taken back."""

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
    """What was taken from what is owed, minor units; 0 when it was refused."""
    status: Literal["funded", "refused", "sent", "settled", "failed", "returned"]
    withheld: int = 0
    """Of `amount`, for the tax office."""
    fees: int = 0
    """Of `amount`, for its cost."""


class BookedAdjustment(Struct, frozen=True, gc=False, array_like=True, tag="a"):
    """That an amount was booked under its id."""

    unit: str
    amount: int


class BookedPerson(Struct, frozen=True, gc=False, array_like=True, tag="n"):
    """The customer id under which the partner first brought a person."""

    customer: str


Item = BookedConversion | BookedReward | BookedPayout | BookedAdjustment | BookedPerson | Tally
Lookup = Callable[[str], Item | None]
"""What one partner's account keeps under a key; None: nothing."""


def item_key(record: Instruction | Entry) -> str:
    """Key of the item a partner's record is about, the same for an instruction and its entry;
    empty when there is none (a lead of engine 1, which is booked once and not refunded)."""
    if isinstance(record, PayoutDue) or (isinstance(record, Entry) and record.payout):
        return f"payout/{record.program}/{record.payout}"
    if isinstance(record, AdjustmentDue):
        return f"adjustment/{record.program}/{record.kind}/{record.adjustment}"
    if isinstance(record, Entry) and record.adjustment:
        return f"adjustment/{record.program}/{record.kind}/{record.adjustment}"
    return conversion_key(record)


def conversion_key(record: CommissionDue | RefundDue | ReviewDue | Entry) -> str:
    """`item_key` of a record that is about a lead or a deal."""
    if record.deal:
        if record.via:
            return f"override/{record.program}/{record.via}/{record.deal}"
        return f"deal/{record.program}/{record.deal}"
    if isinstance(record, RefundDue) or (not isinstance(record, ReviewDue) and not record.engine):
        return ""
    if record.via:
        return f"override_lead/{record.program}/{record.via}/{record.event_id}"
    return f"lead/{record.program}/{record.event_id}"


def person_key(program: str, identity: str) -> str:
    """Key of the item that knows a person."""
    return f"person/{program}/{identity}"


def booked_by(item: Item | None) -> str:
    """Position of the conversion that a deal or lead was booked by; empty: it was not, or a
    person rejected it."""
    if isinstance(item, BookedConversion):
        return item.conversion
    if isinstance(item, BookedReward) and item.status != "rejected":
        return item.conversion
    return ""


def reward_of(item: Item | None) -> BookedReward | None:
    """A booked commission in the shape of engine 2; None: there is none."""
    if isinstance(item, BookedConversion):
        return of_engine_1(
            item.unit,
            item.amount,
            item.commission,
            item.conversion,
            item.available_at,
            item.rule,
            item.terms,
            item.terms_at,
            item.click_id,
            item.refunded,
            item.reversed,
        )
    return item if isinstance(item, BookedReward) else None


_STATUS: dict[str, Literal["refused", "sent", "settled", "failed", "returned"]] = {
    "payout_refused": "refused",
    "payout_sent": "sent",
    "payout_settled": "settled",
    "payout_failed": "failed",
    "payout_returned": "returned",
}


def evolve_item(item: Item | None, entry: Entry) -> Item | None:
    """The item after an accepted `entry` about it; `no_effect` leaves it as it is."""
    kind = entry.kind
    if kind == "no_effect":
        return item
    if kind == "commission":
        return booked(entry) if entry.engine else _booked_conversion(entry)
    if kind == "clawback" and isinstance(item, BookedConversion):
        return _clawed_back(item, item.refunded + entry.base, item.reversed - entry.payable())
    if kind == "payout_funded":
        kept = {leg.account: leg.amount for leg in entry.legs}
        return BookedPayout(
            entry.unit,
            -entry.payable(),
            "funded",
            kept.get("withholding", 0),
            kept.get("fees", 0),
        )
    if kind in _STATUS:
        payout = item if isinstance(item, BookedPayout) else BookedPayout(entry.unit, 0, "refused")
        return BookedPayout(entry.unit, payout.amount, _STATUS[kind], payout.withheld, payout.fees)
    if kind in ("adjustment", "award", "payment_received"):
        return BookedAdjustment(entry.unit, entry.payable())
    reward = reward_of(item)
    assert reward is not None, f"{entry.source}: {kind} of nothing booked"
    return evolve_reward(reward, entry)


def _booked_conversion(entry: Entry) -> BookedConversion | None:
    if not entry.deal:
        return None
    return BookedConversion(
        entry.unit,
        entry.base,
        entry.payable(),
        entry.conversion,
        entry.available_at,
        entry.rule,
        entry.terms,
        entry.terms_at,
        entry.click_id,
    )


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
