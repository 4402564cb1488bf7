"""Signatures of the ledger: ed25519 (RFC 8032), written as C2SP's signed notes are.

    partner-ledger/<cluster id>+<hash>+<base64>      a public key, as a verifier keeps it
    — partner-ledger/<cluster id> <base64>           a signature line below a note

A key's *hash* is the first four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ public key). Its hex is
the key's id in this ledger. It finds a key and proves nothing: the signature does.

A key vouches for the next one by signing `vouching_text`. Its second line never begins as a
checkpoint's does, so that neither signature passes for the other.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
"""Signature type of C2SP's signed notes."""
HASH_BYTES = 4
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
NAME = re.compile(r"[^\s+\x00-\x1f]+")


class BadKey(ValueError):
    """A text that is no public key; says what was expected."""


@dataclass(frozen=True)
class PublicKey:
    """A key that checks signatures: its name, and 32 bytes."""

    name: str
    value: bytes

    @property
    def key_hash(self) -> bytes:
        """The four bytes that a signature line names it by."""
        named = self.name.encode() + b"\n" + ED25519 + self.value
        return sha256(named).digest()[:HASH_BYTES]

    @property
    def id(self) -> str:
        """`key_hash` in hex: the key's id in its ledger."""
        return self.key_hash.hex()

    @property
    def vkey(self) -> str:
        """The text a third party keeps: `name+hash+base64`."""
        return f"{self.name}+{self.id}+{in_base64(ED25519 + self.value)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this key signed `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.value).verify(signature, text.encode())
        except (InvalidSignature, ValueError):  # ValueError: no point of the curve
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """A key that signs."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """What checks its signatures."""
        return PublicKey(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        """64 bytes; the same text gets the same signature every time."""
        return self.key.sign(text.encode())

    def sign_note(self, text: str) -> str:
        """The signed note: `text`, which ends its last line, and a signature line."""
        public = self.public
        signature = in_base64(public.key_hash + self.sign(text))
        return f"{text}\n— {public.name} {signature}\n"


def key_name(ledger: str) -> str:
    """The name of a ledger's keys, and the first line of its notes; `ledger`: cluster id."""
    return f"partner-ledger/{ledger}"


def vouching_text(ledger: str, key: PublicKey) -> str:
    """What the previous key signs to vouch for `key`."""
    return f"{key_name(ledger)}\nsigning key {key.vkey}\n"


def parse_vkey(text: str) -> PublicKey:
    """The key of a `name+hash+base64` text; raises BadKey."""
    name, _, rest = text.strip().partition("+")
    key_hash, _, encoded = rest.partition("+")
    raw = from_base64(encoded)
    if not NAME.fullmatch(name) or raw is None or len(raw) != 1 + PUBLIC_BYTES:
        raise BadKey(f"{text!r} is no key; expected name+hash+base64 of an ed25519 key")
    if raw[:1] != ED25519:
        raise BadKey(f"{text!r} is a key of another kind than ed25519, which begins with 0x01")
    key = PublicKey(name, raw[1:])
    if key.id != key_hash:
        raise BadKey(f"{text!r}: the hash of that name and key is {key.id}, not {key_hash!r}")
    return key


def in_base64(raw: bytes) -> str:
    """As C2SP writes bytes: the standard alphabet, padded."""
    return base64.b64encode(raw).decode()


def from_base64(text: str) -> bytes | None:
    """The bytes, or None for what is no base64 or not its one spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if in_base64(raw) == text else None
