"""Agreements: what was shown, and who accepted it."""

from __future__ import annotations

from msgspec import Struct


class AgreementPublished(Struct, frozen=True):
    """A version of the program's agreement. From the first one on, only partners that have
    accepted a version earn."""

    program: str
    version: int
    title: str
    text: str
    sha256: str
    """Of the text's UTF-8 bytes, in hex: what was shown."""
    terms: int = 0
    """Version of the terms it shows; 0: none."""
    by: str = ""


class AgreementAccepted(Struct, frozen=True):
    """A named person accepted a version for a partner."""

    program: str
    partner: str
    version: int
    sha256: str
    """Of what was shown."""
    person: str
    accepted_at: int
    """Milliseconds since 1970 UTC."""
    by: str = ""
