"""Invoices: what a program owes for a stretch of the journal."""

from __future__ import annotations

from msgspec import Struct


class InvoiceIssued(Struct, frozen=True):
    """What a program owes for a stretch of the journal, cut at exact positions."""

    invoice: str
    number: int
    """Of the program's invoices, from 1."""
    program: str
    period: str
    """What it is called: `2026-11`."""
    starts: dict[str, int]
    """Partition of the journal → first offset it bills; the previous one's `ends`."""
    ends: dict[str, int]
    """Partition of the journal → offset after the last it bills."""
    totals: dict[str, int]
    """Unit → minor units."""
    entries: int
    sha256: str
    """Of the invoice's lines as JSON, in hex."""
    by: str = ""
