"""Links and coupons: what credits a partner."""

from __future__ import annotations

from msgspec import Struct


class LinkCreated(Struct, frozen=True):
    """A partner's tracking link."""

    link: str
    program: str
    partner: str
    destination: str
    """The only URL the link leads to (no open redirect)."""
    by: str = ""


class LinkDisabled(Struct, frozen=True):
    """Its clicks no longer count."""

    link: str
    by: str = ""


class CouponCreated(Struct, frozen=True):
    """A code that credits a partner."""

    program: str
    code: str
    """Upper case; codes compare without regard to case."""
    partner: str
    by: str = ""


class CouponRetired(Struct, frozen=True):
    """The code credits nobody any longer."""

    program: str
    code: str
    by: str = ""
