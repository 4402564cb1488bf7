"""What the directory answers with: programs, partners, links, coupons, claims, rates."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from events.journal import Rate

Standing = Literal["applied", "approved", "suspended"]
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
    programs: dict[str, Standing]
    """Program → where the partner stands with it."""


class AgreementView(Struct, frozen=True):
    """A version of a program's agreement."""

    program: str
    version: int
    title: str
    text: str
    sha256: str
    """Of the text's UTF-8 bytes, in hex."""
    terms: int
    """Version of the terms it shows; 0: none."""
    published_at: int
    """The broker's time of the decision, ms."""


class AcceptanceView(Struct, frozen=True, gc=False):
    """That a named person accepted a version of an agreement for a partner."""

    program: str
    partner: str
    version: int
    sha256: str
    """Of what was shown."""
    person: str
    accepted_at: int
    """As it was said, ms."""
    recorded_at: int
    """The broker's time of the decision, ms."""


RegistrationStatus = Literal["submitted", "approved", "rejected", "won", "lost"]


class RegistrationView(Struct, frozen=True, gc=False):
    """A lead or deal that a partner registered."""

    registration: str
    program: str
    partner: str
    customer: str
    kind: Literal["lead", "deal"]
    title: str
    amount: int
    """What is expected, or once won what it came to; minor units."""
    currency: str
    status: RegistrationStatus
    submitted_at: int
    """The broker's time of the decision, ms."""
    approved_at: int = 0
    deal: str = ""
    """The deal it became, once won."""
    reason: str = ""
    """Why it was rejected or lost."""
    original: str = ""
    """The customer's id as it was given, sealed; where `customer` is a pseudonym."""


class ClaimView(Struct, frozen=True, gc=False):
    """That a customer is a partner's, for the time the terms protect it."""

    registration: str
    partner: str
    approved_at: int
    """The broker's time of the approval, ms: the protected time begins."""


class RateView(NamedTuple):
    """A rate of exchange: one major unit of the base is numerator/denominator of the quote."""

    numerator: int
    denominator: int
    rate: Rate
    """As an entry pins it."""
