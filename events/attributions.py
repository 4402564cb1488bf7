"""Attributions: for each conversion who is credited, with which share, or why nobody.

Topic `attributions`, key and partition as in `conversions`. One record for every
conversion record: `n` is the offset of the conversion (dense, so a missing one shows).
The record carries all that later folds need of the conversion.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from events.terms import ConversionKind

Method = Literal["partner_id", "coupon", "click", "signup"]

Outcome = Literal[
    "credited",  # a lead or deal, and somebody earns
    "unattributed",  # a lead or deal, nobody earns: see reason
    "refunded",  # a refund, matched to deals
    "unmatched",  # a refund that matches nothing: no effect
    "duplicate",  # the same event_id (or deal) again: ignored
    "conflict",  # the same event_id with other content: reported, not applied
    "unreadable",  # not a conversion at all: see dead-letters
]

UNATTRIBUTED_REASONS = (
    "no_touch",
    "window_expired",
    "partner_inactive",
    "self_referral",
    "invalid_click",
    "program_inactive",
    "unknown_program",
    "unknown_coupon",
    "no_terms",
    "negative_amount",
)


class Touch(Struct, frozen=True, gc=False, omit_defaults=True):
    """A contact of the customer with a partner: a good click, or the signup it led to."""

    partner: str
    link: str
    click_id: str
    clicked_at: int


class Credit(Struct, frozen=True, gc=False, omit_defaults=True):
    """A partner's share in a conversion, by one method."""

    partner: str
    share: int
    """Basis points of the conversion; all credits of a conversion add up to 10,000."""
    method: Method
    link: str = ""
    click_id: str = ""


class RefundedDeal(Struct, frozen=True, gc=False, omit_defaults=True):
    """The part of a refund that one deal bears."""

    deal: str
    amount: int
    conversion: str
    """Position of the deal's own conversion record."""
    credits: tuple[Credit, ...] = ()


class Attribution(
    Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="attribution.v1"
):
    """Who is credited for one conversion, or why nobody."""

    n: int
    source: str
    """Position of the conversion."""
    recorded_at: int
    """The broker's time of the conversion, ms."""
    outcome: Outcome
    reason: str = ""
    program: str = ""
    customer: str = ""
    event_id: str = ""
    digest: str = ""
    """Of the conversion's content, without `known`: tells a repeat from a conflict."""
    kind: ConversionKind | Literal["refund", ""] = ""
    deal: str = ""
    amount: int = 0
    currency: str = ""
    occurred_at: int = 0
    known: int = 0
    touch: Touch | None = None
    """The good click this conversion brought along, remembered for later conversions."""
    credits: tuple[Credit, ...] = ()
    refunded: tuple[RefundedDeal, ...] = ()
    unmatched: int = 0
    """Minor units of a refund that no deal could bear."""
