"""What crediting a lead or deal comes to."""

from __future__ import annotations

from typing import NamedTuple

from events.attributions import Credit


class Verdict(NamedTuple):
    """Who is credited; nobody, and why."""

    credits: tuple[Credit, ...]
    reason: str = ""
    """Why there are none: one of `events.attributions.UNATTRIBUTED_REASONS`."""
    engine: str = ""
    """Of the terms in force; empty for engine 1."""
    coupon: str = ""
    """The code that credited, in upper case; engine 2 only."""
