"""Partners: who they are, where they stand with programs, and where they are paid."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class PartnerRegistered(Struct, frozen=True):
    """A partner exists."""

    partner: str
    name: str
    by: str = ""


class PartnerApplied(Struct, frozen=True):
    """The partner asks to join the program."""

    partner: str
    program: str
    by: str = ""


class PartnerApproved(Struct, frozen=True):
    """The program takes the partner."""

    partner: str
    program: str
    by: str = ""


class PartnerSuspended(Struct, frozen=True):
    """The partner's new conversions in the program earn nothing."""

    partner: str
    program: str
    reason: str = ""
    by: str = ""


class PartnerRecruited(Struct, frozen=True):
    """In this program the partner is a sub-partner of `parent` from now on."""

    partner: str
    program: str
    parent: str
    """Empty: of nobody any longer."""
    by: str = ""


class PartnerCurrencySet(Struct, frozen=True):
    """What the partner earns from now on is owed in this currency (ISO 4217)."""

    partner: str
    currency: str
    by: str = ""


class PartnerIdentified(Struct, frozen=True):
    """Customer ids and identities (`Deal.identity`) that are the partner itself."""

    partner: str
    identities: tuple[str, ...]
    by: str = ""


class PartnerPayeeSet(Struct, frozen=True):
    """Where the partner is paid from now on."""

    partner: str
    method: Literal["bank", "paypal", "wise"]
    name: str
    """Of the account's holder."""
    iban: str = ""
    bic: str = ""
    email: str = ""
    country: str = ""
    by: str = ""
