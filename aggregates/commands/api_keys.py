"""Commands on API keys: issued to a person, and revoked."""

from __future__ import annotations

from aggregates.api_key import ApiKey
from aggregates.deciding import DecidingApplication


class ApiKeyCommands(DecidingApplication):
    """Keys, each of one person."""

    def issue_api_key(self, key: str, person: str, sha256: str, by: str = "") -> None:
        """Who shows the secret of this SHA-256 (hex) decides as `person` from now on."""
        self._create(
            ApiKey,
            ApiKey.create_id(key),
            lambda: ApiKey.issue(key, person, sha256, by),
            lambda found: found.repeat_issue(person, sha256),
        )

    def revoke_api_key(self, key: str, reason: str = "", by: str = "") -> None:
        """The key opens nothing any longer. Raises NotFound."""
        self._change(lambda: self._api_key(key), lambda found: found.revoke(reason, by))

    def api_key(self, key: str) -> ApiKey:
        """As it stands now; raises NotFound."""
        return self._now(lambda: self._api_key(key))

    def _api_key(self, key: str) -> ApiKey:
        return self._get(ApiKey, ApiKey.create_id(key), "see `pledger api-keys list`")
