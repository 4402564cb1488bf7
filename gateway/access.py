"""Who may call the API.

With a token, everything but the click path, the health check and the documentation needs
`Authorization: Bearer <token>`. Without one (loopback only, see `configuration`) the API is
this machine's, and so it refuses what a browser sends from a page of another site.
"""

from __future__ import annotations

import hmac
from typing import Any

from gateway.problems import Problem

OPEN_PATHS = frozenset(("/healthz", "/openapi.json", "/docs"))
OWN_SITES = frozenset(("same-origin", "none"))


class Access:
    """The rule, for one token; "" when there is none."""

    def __init__(self, api_token: str) -> None:
        self._expected = f"bearer {api_token}".encode() if api_token else b""

    def refusal(self, path: str, headers: Any) -> Problem | None:
        """Why a request for `path` is not served, or None. `headers` has `get(name)`."""
        if path in OPEN_PATHS:
            return None
        if self._expected:
            scheme, _, token = (headers.get("authorization") or "").partition(" ")
            given = f"{scheme.lower()} {token.strip()}".encode()
            if hmac.compare_digest(given, self._expected):
                return None
            return Problem(401, "send the API token as `Authorization: Bearer <token>`")
        if headers.get("sec-fetch-site", "none") not in OWN_SITES:
            return Problem(403, "pages of other sites may not call an API that has no token")
        return None
