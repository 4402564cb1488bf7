"""Rates of exchange."""

from __future__ import annotations

from msgspec import Struct


class RatesSet(Struct, frozen=True):
    """Rates of exchange published for a day: one `base` is `rates[currency]` of each."""

    source: str
    date: str
    """ISO 8601."""
    base: str
    rates: dict[str, str]
    """Currency → exact decimal."""
    by: str = ""
