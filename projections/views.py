"""What the directory answers with: programs, partners, links and coupons."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Agreement = Literal["applied", "approved", "suspended"]
"""Where a partner stands with a program."""


class ProgramView(Struct, frozen=True, gc=False):
    """A program; a paused one is not active."""

    program: str
    name: str
    currency: str
    active: bool


class LinkView(Struct, frozen=True, gc=False):
    """A link; a disabled one is not active."""

    link: str
    program: str
    partner: str
    destination: str
    active: bool


class CouponView(Struct, frozen=True, gc=False):
    """A coupon; a retired one is not active."""

    program: str
    code: str
    partner: str
    active: bool


class PartnerView(Struct, frozen=True):
    """A partner."""

    partner: str
    name: str
    programs: dict[str, Agreement]
    """Program → where the partner stands with it."""
