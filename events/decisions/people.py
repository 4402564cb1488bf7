"""API keys: under which a person decides from elsewhere."""

from __future__ import annotations

from msgspec import Struct


class ApiKeyIssued(Struct, frozen=True):
    """Who shows this key decides as `person`."""

    key: str
    """Its id; the secret is shown once and kept nowhere."""
    person: str
    sha256: str
    """Of the secret, in hex."""
    by: str = ""


class ApiKeyRevoked(Struct, frozen=True):
    """The key opens nothing any longer."""

    key: str
    reason: str = ""
    by: str = ""
