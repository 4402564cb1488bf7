"""API keys: whose they are, and which still open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from events import decisions as fact
from events.decisions import Decision


class ApiKeyView(Struct, frozen=True):
    """A key as of now."""

    key: str
    person: str
    sha256: str
    """Of its secret, in hex."""
    issued_at: int
    """The broker's time, ms."""
    issued_by: str
    is_revoked: bool = False
    revoked_at: int = 0
    """The broker's time, ms; 0 for one that still opens."""
    revoked_by: str = ""
    reason: str = ""


class ApiKeys:
    """The keys that were issued. A key's first issue stands, and a revoked one stays so."""

    def __init__(self) -> None:
        super().__init__()
        self._api_keys: dict[str, ApiKeyView] = {}

    def api_key(self, key: str) -> ApiKeyView | None:
        """The key of that id, also a revoked one."""
        return self._api_keys.get(key)

    def api_keys(self) -> tuple[ApiKeyView, ...]:
        """All keys, in the order in which they were issued."""
        return tuple(self._api_keys.values())

    def _key_issued(self, decision: Decision, found: fact.ApiKeyIssued) -> None:
        view = ApiKeyView(found.key, found.person, found.sha256, decision.recorded_at, found.by)
        if decision.aggregate == f"api_key:{found.key}":
            self._api_keys.setdefault(found.key, view)

    def _key_revoked(self, decision: Decision, found: fact.ApiKeyRevoked) -> None:
        view = self._api_keys.get(found.key)
        if view is not None and not view.is_revoked:
            self._api_keys[found.key] = replace(
                view,
                is_revoked=True,
                revoked_at=decision.recorded_at,
                revoked_by=found.by,
                reason=found.reason,
            )


EVOLVE: dict[str, Callable[[Any, Decision, Any], None]] = {
    "api_key.issued": ApiKeys._key_issued,
    "api_key.revoked": ApiKeys._key_revoked,
}
