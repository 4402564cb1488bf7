"""Who follows a link, as far as the ledger wants to know: device, crawler or not, and a hash.

The address itself is never stored. `AddressHash` keys it with a salt that changes every UTC
day and is derived from a secret that stays out of the log, so two clicks of one day can be
told to come from one address, and nobody can go from the hash back to the address, nor
follow it into the next day.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import os
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import ua_parser
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from events.secret_file import make_once

DAY_MS = 86_400_000
USER_AGENTS_CACHED = 20_000
ADDRESSES_CACHED = 100_000
HASH_BYTES = 8
CRAWLERS_A_PATTERN = 50
"""Crawler patterns joined into one regular expression; searching is fastest about here."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Visitor(NamedTuple):
    device: str
    browser: str
    os: str
    bot: str
    """The crawler list's name of it; empty for a person."""


_PATTERNS = [str(entry["pattern"]) for entry in CRAWLER_USER_AGENTS_DATA]
_CHUNKS = [
    (re.compile("|".join(chunk)), chunk)
    for chunk in (
        _PATTERNS[start : start + CRAWLERS_A_PATTERN]
        for start in range(0, len(_PATTERNS), CRAWLERS_A_PATTERN)
    )
]


def crawler(user_agent: str) -> str:
    """The known crawler a user agent names (monperrus/crawler-user-agents), or ""."""
    for joined, patterns in _CHUNKS:
        if joined.search(user_agent):
            found = next(pattern for pattern in patterns if re.search(pattern, user_agent))
            return re.sub(r"\\(.)|[\^$\[\]()?]", r"\1", found).strip("/ ")
    return ""


@lru_cache(maxsize=USER_AGENTS_CACHED)
def visitor(user_agent: str) -> Visitor:
    """What a User-Agent header says; about a millisecond when new, so it is remembered."""
    bot = crawler(user_agent)
    parsed = ua_parser.parse(user_agent)
    return Visitor(
        device=parsed.device.family if parsed.device else "",
        browser=parsed.user_agent.family if parsed.user_agent else "",
        os=parsed.os.family if parsed.os else "",
        bot=bot,
    )


class AddressHash:
    """Addresses to 16 hex digits, by a keyed hash whose salt is the day's."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._day = -1
        self._salt = b""
        self._known: dict[str, str] = {}

    def __call__(self, address: str, at: int) -> str:
        """The hash of `address` on the UTC day of `at` (ms)."""
        day = at // DAY_MS
        if day != self._day or len(self._known) > ADDRESSES_CACHED:
            self._day, self._known = day, {}
            self._salt = hmac.digest(self._secret, b"address-salt/%d" % day, "sha256")
        found = self._known.get(address)
        if found is None:
            keyed = hashlib.blake2b(address.encode(), key=self._salt, digest_size=HASH_BYTES)
            found = self._known[address] = keyed.hexdigest()
        return found


def load_address_hash(directory: Path) -> AddressHash:
    """Keyed by PLEDGER_ADDRESS_KEY (hex), else by `address-key.json` of `directory`, which
    is made where there is none. Gateways that share the key make the same hashes."""
    configured = os.environ.get("PLEDGER_ADDRESS_KEY")
    if configured:
        return AddressHash(bytes.fromhex(configured))
    path = directory / "address-key.json"
    make_once(path, json.dumps({"key": secrets.token_hex(32)}).encode())
    return AddressHash(bytes.fromhex(json.loads(path.read_text())["key"]))


def client_address(peer: str, forwarded: str | None, trusted: Sequence[Network]) -> str:
    """The visitor's address: the socket's peer, or what trusted proxies say of it.

    X-Forwarded-For is a list to which each proxy appends whom it heard from; only what a
    trusted one appended is believed, so it is read from the right.
    """
    if not forwarded or not trusted or not _is_trusted(peer, trusted):
        return peer
    for hop in reversed([part.strip() for part in forwarded.split(",")]):
        address = _address(hop)
        if address is None:
            return peer
        peer = str(address)
        if not _is_trusted(peer, trusted):
            break
    return peer


def address_of(scope: Any, trusted: Sequence[Network]) -> str:
    """`client_address` of an RSGI request, as text without brackets."""
    peer = scope.client.rpartition(":")[0].strip("[]")
    return client_address(peer, scope.headers.get("x-forwarded-for"), trusted)


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
