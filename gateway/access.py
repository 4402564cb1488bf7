"""Who may call the API, and as whom.

Everything but the click path, the health check and the documentation needs
`Authorization: Bearer …`: a person's API key, or the one token of `PLEDGER_API_TOKEN`. What is
decided under a key is decided by the person who holds it. The token is nobody's in particular:
its holder names who decides.

Without a token (loopback only, see `configuration`) the API is this machine's, and so it refuses
what a browser sends from a page of another site.

A key is looked up among the decisions this gateway knows: no round trip, and a revoked key opens
nothing from the moment on in which its revocation is read.
"""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple

from aggregates.api_key import looks_like_a_key, sha256_of, split_token
from aggregates.person import same_person
from events.decisions import Origin
from gateway.problems import Problem
from projections.directory import Directory

OPEN_PATHS = frozenset(("/healthz", "/openapi.json", "/docs"))
OWN_SITES = frozenset(("same-origin", "none"))

ANYBODY = "api"
"""Who decides where no key says who it is."""

NO_KEY = "0" * 64
"""What a secret is compared with where its key does not exist: that takes as long."""

SEND_ONE = "send an API key or the API token as `Authorization: Bearer …`"


class Caller(NamedTuple):
    """Who makes a request."""

    key: str = ""
    """Id of the API key shown; empty: the token, or none."""
    person: str = ANYBODY
    """Holder of the key, else `api`."""
    source: str = ""
    """The caller's address."""

    def origin(self) -> Origin:
        """How what is decided now is recorded."""
        return Origin(via="api", by=self.person, source=self.source, key=self.key)

    def decides_as(self, claimed: str) -> str:
        """Who decides, where the body says `by`: the holder of the key and nobody else; whom the
        body names, where there is no key. Raises Problem 403 for another's name under a key."""
        if not self.key:
            return claimed
        if claimed.strip() and not same_person(claimed, self.person):
            raise Problem(
                403,
                f"by={claimed!r}: key {self.key} is {self.person}'s, and what it decides is "
                "decided by its holder; leave `by` out, or let the other person send it",
                field="by",
            )
        return self.person


class Access:
    """The rule. `api_token` is "" when there is none; `keys_only`: a key must be shown."""

    def __init__(self, directory: Directory, api_token: str = "", keys_only: bool = False) -> None:
        self._directory = directory
        self._token = api_token.encode()
        self._needs_bearer = keys_only or bool(api_token)

    def caller(self, path: str, headers: Any, source: str = "") -> Caller:
        """Who asks for `path` from the address `source`. `headers` has `get(name)`. Raises
        Problem for who may not."""
        if path in OPEN_PATHS:
            return Caller(source=source)
        scheme, _, shown = (headers.get("authorization") or "").partition(" ")
        shown = shown.strip() if scheme.lower() == "bearer" else ""
        if self._needs_bearer or looks_like_a_key(shown):  # one that was cut off opens nothing
            return self._bearer(shown, source)
        if headers.get("sec-fetch-site", "none") not in OWN_SITES:
            raise Problem(403, "pages of other sites may not call an API that has no token")
        return Caller(source=source)

    def _bearer(self, shown: str, source: str) -> Caller:
        given = shown.encode("utf-8", "surrogateescape")
        if self._token and hmac.compare_digest(given, self._token):
            return Caller(source=source)
        parts = split_token(shown)
        if parts is None:
            raise Problem(401, SEND_ONE)
        key, secret = parts
        found = self._directory.api_key(key)
        expected = NO_KEY if found is None else found.sha256
        if not hmac.compare_digest(sha256_of(secret), expected) or found is None:
            raise Problem(
                401, f"API key {key!r} is not one of this ledger's, or its secret differs"
            )
        if found.is_revoked:
            raise Problem(401, f"API key {key!r} was revoked; ask for another one")
        return Caller(found.key, found.person, source)
