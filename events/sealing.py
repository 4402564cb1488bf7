"""Sealed text and pseudonyms: how personal data stands in events.

    sealed:1:<key id>:<base64url>      a text that only the key of its subject opens
    pseudonym:1:<base64url>            stands for an id that must still compare as equal

Both are ordinary text, so a field stays what it was and every fold takes it as it is: nothing
that is booked depends on what was sealed. When the key of a subject is destroyed, the text is
gone, and every record, hash and signature stands as before.

Sealing is AES-256-SIV (RFC 5297): authenticated, and the same text of the same subject under
the same key gives the same bytes. It must: a conversion sent again is told from a conflict by
its content. The subject is bound to the text, which therefore opens for no other one.

A pseudonym is HMAC-SHA256 under a secret of the program, cut to 128 bits. Whoever holds the
secret *and* a text can tell that a pseudonym is of that text; nobody else can, and no text
follows from a pseudonym.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_BYTES = 32
ID_BYTES = 8
PSEUDONYM_BYTES = 16

SEALED = re.compile(r"sealed:1:([0-9a-f]{16}):([A-Za-z0-9_-]+)")
SEALED_PREFIX = "sealed:1:"
PSEUDONYM = re.compile(r"pseudonym:1:[A-Za-z0-9_-]{22}")
PSEUDONYM_PREFIX = "pseudonym:1:"

ERASED = "[erased]"
"""Shown for what was sealed under a key that was destroyed."""
NOT_OPENED = "[sealed]"
"""Shown for what was sealed under a key that this vault has never held."""
ALTERED = "[altered]"
"""Shown for sealed text that its key does not open."""

Reveal = Callable[[str], str]
"""Sealed text → what people read; any other text comes back as it is."""

_PURPOSE = b"partner-ledger sealed:1 AES-256-SIV"


class BadSeal(ValueError):
    """Sealed text that its key does not open: it was altered, or is another subject's."""


class SubjectKey:
    """The key of one subject: `id` is 16 hexadecimal digits, `secret` 32 random bytes."""

    __slots__ = ("_bound", "_siv", "id", "secret", "subject")

    def __init__(self, id: str, subject: str, secret: bytes) -> None:
        self.id = id
        self.subject = subject
        self.secret = secret
        self._siv = AESSIV(hmac.digest(secret, _PURPOSE, "sha512"))
        self._bound = [id.encode(), subject.encode()]

    def seal(self, text: str) -> str:
        """`text` as sealed text; what is sealed or erased already comes back as it is."""
        if text.startswith(SEALED_PREFIX) or text == ERASED:
            return text
        return f"{SEALED_PREFIX}{self.id}:{_text(self._siv.encrypt(text.encode(), self._bound))}"

    def open(self, text: str) -> str:
        """The text that `seal` was given. Raises BadSeal."""
        found = SEALED.fullmatch(text)
        try:
            if found is None or found[1] != self.id:
                raise BadSeal(f"{text[:40]}… is not sealed under key {self.id}")
            return self._siv.decrypt(_bytes(found[2]), self._bound).decode()
        except (InvalidTag, ValueError) as problem:
            raise BadSeal(
                f"{text[:40]}… does not open under the key of {self.subject}: it was altered"
            ) from problem


def pseudonym(secret: bytes, text: str) -> str:
    """What stands for `text` under a program's `secret`; a pseudonym stands for itself."""
    if PSEUDONYM.fullmatch(text):
        return text
    digest = hmac.digest(secret, text.encode(), "sha256")[:PSEUDONYM_BYTES]
    return PSEUDONYM_PREFIX + _text(digest)


def is_sealed(text: str) -> bool:
    """Whether it has the form of sealed text."""
    return text.startswith(SEALED_PREFIX) and SEALED.fullmatch(text) is not None


def is_pseudonym(text: str) -> bool:
    """Whether it has the form of a pseudonym."""
    return text.startswith(PSEUDONYM_PREFIX) and PSEUDONYM.fullmatch(text) is not None


def revealed(text: str, reveal: Reveal) -> str:
    """`text` with every sealed part of it replaced by what `reveal` says."""
    if SEALED_PREFIX not in text:
        return text
    return SEALED.sub(lambda found: reveal(found[0]), text)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
