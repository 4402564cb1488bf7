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
    step: Literal["requested", "sent", "settled", "failed"]
    unit: str = ""
    amount: int = 0
    """`requested` only; 0 asks for all that is available."""
    reason: str = ""


Instruction = CommissionDue | RefundDue | PayoutDue
