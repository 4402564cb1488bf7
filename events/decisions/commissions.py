"""Reviews of single commissions."""

from __future__ import annotations

from msgspec import Struct


class CommissionHeld(Struct, frozen=True):
    """A commission waits until it is released or rejected."""

    program: str
    partner: str
    deal: str
    event_id: str
    """Of a lead, which has no deal."""
    reason: str
    via: str = ""
    by: str = ""


class CommissionReleased(Struct, frozen=True):
    """A held commission is owed as if it had not been held."""

    program: str
    partner: str
    deal: str
    event_id: str
    reason: str
    via: str = ""
    by: str = ""


class CommissionRejected(Struct, frozen=True):
    """All of a commission is taken back, for good."""

    program: str
    partner: str
    deal: str
    event_id: str
    reason: str
    via: str = ""
    by: str = ""


class CommissionAdjusted(Struct, frozen=True):
    """A commission is corrected by `amount` minor units of its unit, signed."""

    program: str
    partner: str
    deal: str
    event_id: str
    amount: int
    reason: str
    via: str = ""
    by: str = ""
