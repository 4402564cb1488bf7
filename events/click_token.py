"""Click ids: signed tokens that carry their link and time.

    summer-sale.AZOz9n4AQ2x1c2VkZm9vYmFyYmF6cXV4
    └ link ───┘ └ base64url: time (6 bytes, ms), random (6), flags (1), key (1), MAC (12)

Nobody has to look a click up to know whose it is, and nobody can make one up: the MAC is
the first 96 bits of HMAC-SHA256 over link and payload. Keys are rotated by adding a new
one with another number; old tokens stay valid while their key is kept.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from events.secret_file import make_once

MAC_BYTES = 12
PAYLOAD_BYTES = 14
MAX_FUTURE_MS = 60_000
"""Clock skew that is tolerated between the parts of a ledger."""

INVALID = 1
"""Flag: the click did not count (a crawler, a prefetch…); its token earns nothing."""


class BadToken(ValueError):
    """A token that earns nothing; `problem` is the word recorded with the conversion."""

    problem = "malformed"


class Malformed(BadToken):
    """Not a click token at all."""

    problem = "malformed"


class Forged(BadToken):
    """A token with another signature than its content gives."""

    problem = "forged"


class UnknownKey(BadToken):
    """A token signed with a key this ledger does not have."""

    problem = "unknown_key"


@dataclass(frozen=True)
class ClickToken:
    """What a good token says."""

    link: str
    clicked_at: int
    """Milliseconds since 1970 UTC."""
    invalid: bool


@dataclass(frozen=True)
class ClickKeys:
    """The keys that sign clicks: number (0–255) → secret; `active` signs new ones."""

    active: int
    secrets: Mapping[int, bytes]

    def sign(
        self, link: str, clicked_at: int, *, invalid: bool = False, nonce: bytes | None = None
    ) -> str:
        """A new token. `nonce`: 6 bytes that make it unique; random unless given (imports
        derive it from the line, so that a second import makes the same ids)."""
        payload = (
            clicked_at.to_bytes(6, "big")
            + (nonce if nonce is not None else os.urandom(6))
            + bytes((INVALID if invalid else 0, self.active))
        )
        mac = _mac(self.secrets[self.active], link, payload)
        return _spelt(link, payload + mac)

    def verify(self, token: str) -> ClickToken:
        """What the token says; raises Malformed, UnknownKey or Forged."""
        link, payload, mac = _split(token)
        secret = self.secrets.get(payload[13])
        if secret is None:
            raise UnknownKey(f"click token signed with key {payload[13]}, which is not known here")
        # Base64 leaves bits of the last letter unused: only one spelling of a token is it.
        spelt = token == _spelt(link, payload + mac)
        if not hmac.compare_digest(mac, _mac(secret, link, payload)) or not spelt:
            raise Forged("click token whose signature does not fit: forged or altered")
        return ClickToken(link, int.from_bytes(payload[:6], "big"), bool(payload[12] & INVALID))


def _split(token: str) -> tuple[str, bytes, bytes]:
    link, dot, text = token.rpartition(".")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not dot or not link or len(raw) != PAYLOAD_BYTES + MAC_BYTES:
        raise Malformed("not a click token; expected the click_id of a redirect")
    return link, raw[:PAYLOAD_BYTES], raw[PAYLOAD_BYTES:]


def _spelt(link: str, raw: bytes) -> str:
    return f"{link}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def _mac(secret: bytes, link: str, payload: bytes) -> bytes:
    return hmac.digest(secret, link.encode() + b"." + payload, "sha256")[:MAC_BYTES]


def load_keys(directory: Path) -> ClickKeys:
    """The keys of a ledger: PLEDGER_CLICK_KEYS (`1:hex,2:hex`, the last signs), else the file
    `click-keys.json` of `directory`, which is made with a new key where there is none."""
    configured = os.environ.get("PLEDGER_CLICK_KEYS")
    if configured:
        pairs = [pair.split(":", 1) for pair in configured.split(",")]
        return ClickKeys(int(pairs[-1][0]), {int(n): bytes.fromhex(key) for n, key in pairs})
    path = directory / "click-keys.json"
    make_once(path, json.dumps({"active": 1, "keys": {"1": secrets.token_hex(32)}}).encode())
    found = json.loads(path.read_text())
    return ClickKeys(
        int(found["active"]), {int(n): bytes.fromhex(key) for n, key in found["keys"].items()}
    )
