"""A key to the API, and the person who holds it: what is decided under it is that person's.

    issued ── revoked

Whoever issues a key is shown `plk_<id>_<secret>` once. The log holds the secret's SHA-256, which
is enough to know it again and not enough to make it: the secret is 256 random bits, so nothing
slower than SHA-256 is needed to keep it from being guessed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import NamedTuple

from eventsourcing.domain import event

from aggregates.checks import name_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.person import same_person

PREFIX = "plk"
"""By this a key is recognised where it should not be: in a log, in a repository."""
SECRET_BYTES = 32
ID_BYTES = 5
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
SHA256 = re.compile(r"[0-9a-f]{64}")


class NewKey(NamedTuple):
    """A key as it is shown once."""

    key: str
    """Its id."""
    token: str
    """What a caller sends as `Authorization: Bearer …`."""
    sha256: str
    """Of the secret, in hex."""


def new_key(key: str = "") -> NewKey:
    """A key nobody knows yet, under the given id or a random one. Raises Invalid."""
    key = key or secrets.token_hex(ID_BYTES)
    _id_of(key)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return NewKey(key, f"{PREFIX}_{key}_{secret}", sha256_of(secret))


def split_token(token: str) -> tuple[str, str] | None:
    """The key id and the secret of what a caller shows; None for what is no key of ours."""
    prefix, _, rest = token.partition("_")
    key, _, secret = rest.partition("_")
    return (key, secret) if prefix == PREFIX and key and secret else None


def looks_like_a_key(token: str) -> bool:
    """Whether a caller meant to show one of our keys, whole or not."""
    return token.startswith(f"{PREFIX}_")


def sha256_of(secret: str) -> str:
    """SHA-256 of a secret, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class ApiKey(DecisionAggregate):
    """One key of one person."""

    TOPIC = "api_key"

    @staticmethod
    def create_id(key: str) -> str:
        return f"api_key:{key}"

    @event("Created", topic="api_key.issued")
    def __init__(self, key: str, person: str, sha256: str, by: str = "") -> None:
        self.key = key
        self.person = person
        self.sha256 = sha256
        self.is_revoked = False
        self.reason = ""

    @classmethod
    def issue(cls, key: str, person: str, sha256: str, by: str = "") -> ApiKey:
        """`sha256`: of the secret, in hex. Raises Invalid."""
        name_of("person", person)
        if not SHA256.fullmatch(sha256):
            raise Invalid("sha256", sha256, "a SHA-256 in hex, 64 characters")
        return cls(key=_id_of(key), person=person.strip(), sha256=sha256, by=by)

    def repeat_issue(self, person: str, sha256: str) -> None:
        """Nothing, if the key is the same; AlreadyExists if it is another."""
        if not (same_person(self.person, person) and self.sha256 == sha256):
            raise AlreadyExists(f"API key {self.key} exists, of {self.person}; choose another id")

    def revoke(self, reason: str = "", by: str = "") -> None:
        """It opens nothing any longer, and is never opened again."""
        if self.is_revoked:
            if reason and reason != self.reason:
                raise Conflict(f"API key {self.key} was revoked before: {self.reason!r}")
            return
        self._revoke(self.key, reason, by)

    @event("Revoked", topic="api_key.revoked")
    def _revoke(self, key: str, reason: str, by: str) -> None:
        self.is_revoked = True
        self.reason = reason


def _id_of(key: str) -> str:
    """An id of a key: no `_`, which ends it in what is shown."""
    if not ID.fullmatch(key):
        raise Invalid("key", key, "1 to 32 lower-case letters, digits or '-', as ann-laptop")
    return key
