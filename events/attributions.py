"""Attributions: for each conversion who is credited, with which share, or why nobody.

Topic `attributions`, key and partition as in `conversions`. One record for every
conversion record: `n` is the offset of the conversion (dense, so a missing one shows).
The record carries all that later folds need of the conversion.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from events.conversions import Item
from events.terms import ConversionKind

Method = Literal["partner_id", "coupon", "click", "signup", "registered_deal", "manual"]

Outcome = Literal[
    "credited",  # a lead or deal, and somebody earns
    "unattributed",  # a lead or deal, nobody earns: see reason
    "refunded",  # a refund, matched to deals
    "unmatched",  # a refund or an assignment that matches nothing: no effect
    "assigned",  # a recorded deal was given to a partner by a person
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
    "no_agreement",
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
    """Basis points of the conversion; all credits of level 0 add up to 10,000."""
    method: Method
    link: str = ""
    click_id: str = ""
    level: int = 0
    """0: the partner's own; n: it stands n steps above `via`, whose share it is."""
    via: str = ""
    """The sub-partner that brought the conversion; empty at level 0."""
    before: int = 0
    """Shares of the credits of level 0 that come before (of `via`'s, above level 0): amounts
    that are split are rounded so that the parts add up to the whole."""
    hold: str = ""
    """Why the commission waits for a person: `self_referral`."""


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
    # Of a lead or deal under terms of engine 2:
    engine: str = ""
    country: str = ""
    identity: str = ""
    coupon: str = ""
    purchase: int = 0
    """Number of the customer's purchase, from 1; a lead's is that of the purchase to come."""
    first_at: int = 0
    """When the customer's first purchase happened, ms; the conversion's own time for the first."""
    tax: int = 0
    shipping: int = 0
    items: tuple[Item, ...] = ()
    withdrawn: tuple[Credit, ...] = ()
    """Whose the deal was before it was assigned."""
    by: str = ""
    """Who assigned it."""
    conversion: str = ""
    """Of what was assigned: position of the deal's own record."""
