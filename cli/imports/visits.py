"""A visit, as some file recorded it, and the click it makes.

The click's id is the gateway's signed token with a nonce that follows from the line: the
link, the line's bytes, and how many identical lines came before it. A second import makes
the same ids. After a change of the signing key the last bytes differ, so an id is compared
by `identity`: link, time and nonce, without flags, key number and signature.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urljoin

from events.click_token import ClickKeys
from events.clicks import Click
from gateway.tracking import MAX_REFERER, MAX_USER_AGENT, clean, tracking_fields
from gateway.visitors import AddressHash, visitor

NONCE_BYTES = 6
IDENTITY_CHARS = 16
"""Base64 characters that hold a token's time and nonce (12 bytes)."""


@dataclass(frozen=True)
class Visit:
    """One line that says somebody came."""

    line: int
    raw: bytes
    """The line as it stands in the file, without its end."""
    occurred_at: int
    """Milliseconds since 1970 UTC."""
    address: str = ""
    method: str = "GET"
    target: str = ""
    """What was asked for: path and query."""
    status: int = 0
    """The site's answer; 0 where the file doesn't say."""
    referer: str = ""
    user_agent: str | None = None
    """None: the file has no such column, so its absence says nothing."""
    link: str = ""
    """The link, where the file names one."""
    extra: dict[str, str] = field(default_factory=dict)
    """Other fields of a click by name (sub1…, external_id, country)."""


@dataclass(frozen=True)
class Owner:
    """The link a visit came by."""

    link: str
    program: str
    partner: str
    destination: str
    invalid: tuple[str, ...] = ()
    """Why no click on it counts (link_disabled, partner_inactive, program_inactive)."""


def identity(click_id: str) -> str:
    """The part of a click id that a repeated import makes again."""
    link, _, token = click_id.rpartition(".")
    return f"{link}.{token[:IDENTITY_CHARS]}"


def invalid_reasons(visit: Visit) -> tuple[str, ...]:
    """Why a visit does not count, in the order of `events.clicks.INVALID_REASONS`."""
    reasons = []
    agent = (visit.user_agent or "").strip()
    if agent not in {"", "-"} and visitor(agent).bot:
        reasons.append("bot")
    if visit.method == "HEAD":
        reasons.append("head_request")
    if visit.user_agent is not None and agent in {"", "-"}:
        reasons.append("no_user_agent")
    if visit.method not in {"GET", "HEAD"}:
        reasons.append("method")
    if visit.status >= 400:
        reasons.append("not_found")
    return tuple(reasons)


class ClickMaker:
    """Visits to clicks; remembers how often each line was seen."""

    def __init__(self, keys: ClickKeys, address_hash: AddressHash) -> None:
        self._keys = keys
        self._address_hash = address_hash
        self._seen: Counter[bytes] = Counter()

    def click(self, visit: Visit, owner: Owner) -> Click:
        """The click of `visit` on the link of `owner`."""
        invalid = invalid_reasons(visit) + owner.invalid
        agent = "" if visit.user_agent == "-" else clean(visit.user_agent or "", MAX_USER_AGENT)
        seen = visitor(agent) if agent else None
        click_id = self._keys.sign(
            owner.link, visit.occurred_at, invalid=bool(invalid), nonce=self._nonce(visit, owner)
        )
        return Click(
            click_id=click_id,
            link=owner.link,
            program=owner.program,
            partner=owner.partner,
            occurred_at=visit.occurred_at,
            destination=landing(owner.destination, visit.target),
            referer="" if visit.referer == "-" else clean(visit.referer, MAX_REFERER),
            user_agent=agent,
            device=seen.device if seen else "",
            browser=seen.browser if seen else "",
            os=seen.os if seen else "",
            bot=seen.bot if seen else "",
            ip_hash=self._address_hash(visit.address, visit.occurred_at) if visit.address else "",
            invalid=invalid,
            **{**tracking_fields(query_of(visit.target)), **visit.extra},
        )

    def _nonce(self, visit: Visit, owner: Owner) -> bytes:
        line = hashlib.sha256(owner.link.encode() + b"\n" + visit.raw).digest()
        earlier = self._seen[line]
        self._seen[line] += 1
        return hashlib.sha256(line + earlier.to_bytes(8, "big")).digest()[:NONCE_BYTES]


def landing(destination: str, target: str) -> str:
    """The page that was asked for on the link's site; the destination where none is given."""
    if not target.startswith("/") or target.startswith("//"):
        return destination
    try:
        return urljoin(destination, target)[:MAX_REFERER]
    except ValueError:
        return destination


def query_of(target: str) -> str:
    """The query string of a request's target."""
    return target.partition("?")[2].partition("#")[0]
