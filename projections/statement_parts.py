"""What a statement consists of: sections by unit, lines, balances and heads of the chain."""

from __future__ import annotations

from msgspec import Struct, field


class Sums(Struct):
    """Balances of one unit, minor units. payable = pending + available."""

    payable: int = 0
    """Owed to the partner; below zero, what the partner owes."""
    pending: int = 0
    """Of it on hold, or waiting for a person."""
    available: int = 0
    in_transit: int = 0
    paid: int = 0
    fees: int = 0
    """Kept of payouts so far, for their cost."""
    withholding: int = 0
    """Kept of payouts so far, for the tax office."""


class Line(Struct):
    """What one entry did to one unit of the account. Amounts in minor units."""

    position: str
    at: int
    """Milliseconds since 1970 UTC."""
    kind: str
    amount: int
    """What it added to what is owed, or took from it."""
    balance: int
    """Owed after it."""
    in_transit: int = 0
    paid: int = 0
    fees: int = 0
    withholding: int = 0
    deal: str = ""
    event_id: str = ""
    payout: str = ""
    adjustment: str = ""
    via: str = ""
    rules: tuple[str, ...] = ()
    """Names of the rules, bonuses, caps and overrides that caused its legs."""
    terms: int = 0
    available_at: int = 0
    """Until when what it added is pending, ms; 0: available at once."""
    reason: str = ""
    notes: tuple[str, ...] = ()
    effective: int = 0
    """When it was true, ms; only where a statement tells what is known now. See `effective`."""


class Section(Struct):
    """One unit of the account."""

    unit: str
    opening: Sums = field(default_factory=Sums)
    lines: list[Line] = field(default_factory=list)
    closing: Sums = field(default_factory=Sums)


class Head(Struct, frozen=True):
    """The partner's newest entry before a cut; both empty where there was none."""

    position: str = ""
    sha256: str = ""


class Statement(Struct):
    """An account between two positions. See the module."""

    partner: str
    program: str
    starts: int
    """First offset it covers."""
    ends: int
    """Offset after the last it covers."""
    opened_at: int
    """The moment whose pending and available the opening shows, ms."""
    closed_at: int
    sections: list[Section]
    """By unit, in the order of their names."""
    without_effect: list[Line]
    """Entries that moved nothing, each with its reason."""
    opening_head: Head
    closing_head: Head
    entries: int
    """Of the partner in this program, within the two positions."""
    known: int | None = None
    """Offset of the first entry that is not known; None: what was known then, before `ends`."""
    final: bool = True
    """Whether nothing can come to stand before its end any more."""
