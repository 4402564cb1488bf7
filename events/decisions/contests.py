"""Contests that are decided."""

from __future__ import annotations

from msgspec import Struct


class Winner(Struct, frozen=True):
    """A rank of a contest, with what decided it."""

    rank: int
    partner: str
    measure: int
    amount: int
    unit: str


class ContestClosed(Struct, frozen=True):
    """A contest's ranking, reckoned from the journal up to `positions`."""

    program: str
    contest: str
    terms: int
    positions: dict[str, int]
    """Partition of the journal → offset after the last record that was read."""
    winners: tuple[Winner, ...]
    by: str = ""
