"""Amounts that no conversion caused."""

from __future__ import annotations

from msgspec import Struct


class AccountAdjusted(Struct, frozen=True):
    """An amount that no conversion caused, signed minor units."""

    adjustment: str
    program: str
    partner: str
    unit: str
    amount: int
    reason: str
    by: str = ""


class PaymentReceived(Struct, frozen=True):
    """A partner paid what it owed (a reseller's wholesale price)."""

    receipt: str
    program: str
    partner: str
    unit: str
    amount: int
    reference: str = ""
    by: str = ""
