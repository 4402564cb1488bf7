"""The keys that sign the ledger's checkpoints: one signs at a time, each vouched for by the last.

    added ── replaced ── replaced ── retired ── added, vouched for by nobody

They are one aggregate, so that two rotations at once meet in one version of it. A new key and
the end of the one before stand in one record: there is never a moment with two, or with none.
A key that was lost or stolen is retired; what comes after it nobody can vouch for, and whoever
keeps checkpoints has to be told of the new key by another way.

Here stands only what was said. That the signatures are good, `audit.ledger_keys` proves.
"""

from __future__ import annotations

import base64
import binascii
import re

from eventsourcing.domain import event
from msgspec import Struct

from aggregates.checks import name_of
from aggregates.decision import DecisionSeries
from aggregates.errors import AlreadyExists, Conflict, Invalid, NotFound

KEY_ID = re.compile(r"[0-9a-f]{8}")
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
REPLACED = "replaced"
"""The reason for which a rotation retires the key before."""


class AddedKey(Struct, frozen=True):
    """A key as it was added; see `events.decisions.SigningKeyAdded`."""

    key: str
    public_key: str
    previous: str
    signature: str


class SigningKeys(DecisionSeries):
    """All signing keys of the ledger, in order."""

    TOPIC = "signing-keys"

    @staticmethod
    def create_id() -> str:
        return "signing-keys"

    def __init__(self) -> None:
        self.keys: list[AddedKey] = []
        self.retired: dict[str, str] = {}
        """Key → the reason."""

    @property
    def current(self) -> str:
        """The key that signs; empty where none does."""
        last = self.keys[-1].key if self.keys else ""
        return "" if last in self.retired else last

    def add(self, wanted: AddedKey, by: str = "") -> None:
        """Let a key sign from now on; the one before is retired with it.

        Nothing to do where it stands already. AlreadyExists where its id is another key's;
        Conflict where another key signs than the one that vouches for it.
        """
        _check(wanted)
        for stands in self.keys:
            if stands == wanted:
                return
            if stands.key == wanted.key:
                raise AlreadyExists(f"signing key {wanted.key} is there, with other content")
        current = self.current
        if wanted.previous != current:
            raise Conflict(
                f"signing key {wanted.key} is vouched for by {wanted.previous or 'nobody'}, but "
                f"the key that signs is {current or 'none'}: another rotation came first; look at "
                "`pledger signing-keys list`"
            )
        self._add(
            key=wanted.key,
            public_key=wanted.public_key,
            previous=wanted.previous,
            signature=wanted.signature,
            by=by,
        )
        if current:
            self._retire(key=current, reason=REPLACED, by=by)

    def retire(self, key: str, reason: str, by: str = "") -> None:
        """What the key signs from now on counts for nothing. Again: nothing to do."""
        if all(added.key != key for added in self.keys):
            raise NotFound(
                f"there is no signing key {key!r}; `pledger signing-keys list` shows them"
            )
        name_of("reason", reason)
        if key not in self.retired:
            self._retire(key=key, reason=reason, by=by)

    @event("Added", topic="signing_key.added")
    def _add(self, key: str, public_key: str, previous: str, signature: str, by: str) -> None:
        self.keys.append(AddedKey(key, public_key, previous, signature))

    @event("Retired", topic="signing_key.retired")
    def _retire(self, key: str, reason: str, by: str) -> None:
        self.retired[key] = reason


def _check(wanted: AddedKey) -> None:
    """Raises Invalid for a value no key can have."""
    for field, text in (("key", wanted.key), ("previous", wanted.previous or wanted.key)):
        if not KEY_ID.fullmatch(text):
            raise Invalid(field, text, "8 hexadecimal digits")
    _bytes("public_key", wanted.public_key, PUBLIC_BYTES)
    if wanted.previous:
        _bytes("signature", wanted.signature, SIGNATURE_BYTES)
    elif wanted.signature:
        raise Invalid("signature", wanted.signature, "none, where no key vouches")


def _bytes(field: str, text: str, count: int) -> None:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != count:
        raise Invalid(field, text, f"{count} bytes in base64")
