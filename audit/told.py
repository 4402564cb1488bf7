"""What became of a partner's conversions: one by one, and added up."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct, field

Became = Literal[
    "posted",
    "held",  # posted, and waiting for a person
    "refund",  # it took its part of a commission back
    "withdrawn",  # a person gave the deal to somebody else
    "refused",  # it earns nothing: see reason
    "another's",  # others were credited
    "unmatched",  # a refund or assignment of nothing
]
ORDER: tuple[Became, ...] = get_args(Became)


class Told(Struct, frozen=True):
    """A conversion that has to do with the partner, and what became of it."""

    conversion: str
    """Its position."""
    attribution: str
    program: str
    customer: str
    event_id: str
    deal: str
    kind: str
    """lead, sale, renewal or refund; empty where it cannot be read."""
    occurred_at: int
    """Milliseconds since 1970 UTC."""
    named_by: str
    """partner, click, coupon, registration, or customer: by other records of its customer."""
    became: Became
    reason: str = ""
    entries: tuple[str, ...] = ()
    """Positions of the partner's entries for it."""
    amounts: dict[str, int] = {}
    """Unit → what these entries add to what is owed to the partner, minor units."""


class Sum(Struct):
    """Conversions that became the same, for the same reason."""

    became: Became
    reason: str
    conversions: int = 0
    amounts: dict[str, int] = field(default_factory=dict)


class Summary(Struct):
    """How many conversions became what."""

    conversions: int
    named: int
    """Of them, those that name the partner themselves."""
    sums: list[Sum]
    other_entries: dict[str, int]
    """Kind → the partner's entries that no conversion caused: payouts, reviews, corrections."""
