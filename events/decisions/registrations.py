"""Registered leads and deals, from submitted to won or lost."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class RegistrationSubmitted(Struct, frozen=True):
    """A partner registers a lead or a deal it works on."""

    registration: str
    program: str
    partner: str
    customer: str
    kind: Literal["lead", "deal"]
    title: str = ""
    amount: int = 0
    """What is expected, minor units."""
    currency: str = ""
    by: str = ""
    original: str = ""
    """The customer's id as it was given, sealed; where `customer` is a pseudonym."""


class RegistrationApproved(Struct, frozen=True):
    """The program takes it: the customer is the partner's for the time the terms set."""

    registration: str
    program: str
    partner: str
    customer: str
    by: str = ""


class RegistrationRejected(Struct, frozen=True):
    """The program does not take it."""

    registration: str
    program: str
    partner: str
    customer: str
    reason: str = ""
    by: str = ""


class RegistrationUpdated(Struct, frozen=True):
    """What is expected changed."""

    registration: str
    title: str = ""
    amount: int = 0
    currency: str = ""
    by: str = ""


class RegistrationWon(Struct, frozen=True):
    """The customer bought: `deal` is recorded in `conversions`."""

    registration: str
    program: str
    partner: str
    customer: str
    deal: str
    amount: int
    currency: str
    occurred_at: int
    by: str = ""


class RegistrationLost(Struct, frozen=True):
    """The customer did not buy: the claim ends."""

    registration: str
    program: str
    partner: str
    customer: str
    reason: str = ""
    by: str = ""
