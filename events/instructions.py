"""Instructions: what one partner's account must book. Topic `instructions`, key: the partner.

Routed here by the relay from `attributions` and `decisions`, so that all that touches
one account stands in one partition, in one order. `source` is the record it was made
from; `n` counts densely from 0 for each pair of source partition and target partition,
so that a reader accepts exactly the next one and a repeat or a gap shows.

Amounts: minor units. Times: milliseconds since 1970 UTC. `conversion`: position of the
conversion record.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from events.attributions import Method
from events.conversions import Item
from events.terms import ConversionKind


class CommissionDue(
    Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="commission_due.v1"
):
    """A credited lead or deal: book its commission."""

    n: int
    source: str
    partner: str
    program: str
    kind: ConversionKind
    event_id: str
    conversion: str
    occurred_at: int
    known: int
    share: int
    method: Method
    deal: str = ""
    amount: int = 0
    currency: str = ""
    click_id: str = ""
    # Under terms of engine 2:
    engine: str = ""
    recorded_at: int = 0
    """The broker's time of the conversion."""
    customer: str = ""
    identity: str = ""
    country: str = ""
    coupon: str = ""
    purchase: int = 0
    first_at: int = 0
    tax: int = 0
    shipping: int = 0
    items: tuple[Item, ...] = ()
    before: int = 0
    level: int = 0
    via: str = ""
    hold: str = ""


class RefundDue(
    Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="refund_due.v1"
):
    """A refund of a credited deal: take its part of the commission back."""

    n: int
    source: str
    partner: str
    program: str
    event_id: str
    conversion: str
    """Position of the refund's own conversion record."""
    occurred_at: int
    deal: str
    amount: int
    """Minor units of this deal's amount that are refunded now."""
    currency: str
    known: int
    reason: str = ""
    deal_conversion: str = ""
    """Position of the deal's conversion record."""
    level: int = 0
    via: str = ""


class PayoutDue(
    Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="payout_due.v1"
):
    """A step of a payout, as decided by a person."""

    n: int
    source: str
    """Position of the decision's record."""
    number: int
    """Number of the decision."""
    partner: str
    program: str
    payout: str
    step: Literal["requested", "sent", "settled", "failed", "returned"]
    unit: str = ""
    amount: int = 0
    """`requested` only; 0 asks for all that is available."""
    reason: str = ""
    checked: bool = False
    """`requested` only: a second person approved it."""
    run: str = ""


class ReviewDue(
    Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="review_due.v1"
):
    """What a person decided of one commission."""

    n: int
    source: str
    partner: str
    program: str
    step: Literal["held", "released", "rejected", "adjusted"]
    deal: str = ""
    event_id: str = ""
    """Of a lead, which has no deal."""
    via: str = ""
    """Of an override: the sub-partner that brought the deal."""
    amount: int = 0
    """`adjusted` only: what is added, minor units of the commission's unit, signed."""
    reason: str = ""
    by: str = ""


class AdjustmentDue(
    Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="adjustment_due.v1"
):
    """An amount that no conversion caused: a correction, a prize, a partner's payment."""

    n: int
    source: str
    partner: str
    program: str
    kind: Literal["adjustment", "award", "payment_received"]
    adjustment: str
    """Its id; a contest's name for a prize."""
    unit: str
    amount: int
    """Minor units that the partner's balance gains, signed."""
    reason: str = ""
    by: str = ""


Instruction = CommissionDue | RefundDue | PayoutDue | ReviewDue | AdjustmentDue
