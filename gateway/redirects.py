"""`GET /c/{link}`: a visitor follows a partner's link.

The redirect leaves after the broker has acknowledged the click, so a click that was sold is
a click in the log. Where it leads stands in the link's decision and nowhere else: nothing
in the request can change it. A click that does not count (a crawler, a prefetch…) is kept
with its reasons, its token says so, and its visitor is redirected all the same.

This is the one hot path, so it is a bare RSGI callable: at 20,000 a second and more there
are fewer than 50 microseconds for each.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from events.click_token import ClickKeys
from events.clicks import Click
from events.codec import encode
from events.topics import CLICKS
from gateway.bridge import refuse
from gateway.configuration import Configuration
from gateway.delivery import AckedLog, NotAcknowledged
from gateway.known import Known
from gateway.problems import Problem
from gateway.tracking import MAX_REFERER, MAX_USER_AGENT, clean, tracking_fields
from gateway.visitors import AddressHash, client_address, visitor

PREFIX = "/c/"
ROUTES_CACHED = 100_000
PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
PREFETCH_WORDS = ("prefetch", "prerender", "preview")

COMMON_HEADERS = [
    ("cache-control", "no-store"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
]


class Route(NamedTuple):
    """Where a link leads, as the decisions say now."""

    program: str
    partner: str
    destination: str
    before: str
    """The location up to the click id."""
    after: str
    reasons: tuple[str, ...]
    """Why clicks on it do not count, whoever makes them."""
    active: bool


def location_parts(destination: str) -> tuple[str, str]:
    """`destination` cut where `click_id=…` goes: its own query and fragment are kept.

    Characters that may not stand in a header are percent-encoded.
    """
    safe = quote(destination, safe="%:/?#[]@!$&'()*+,;=-._~")
    base, sharp, fragment = safe.partition("#")
    joint = "?"
    if "?" in base:
        joint = "" if base.endswith(("?", "&")) else "&"
    return f"{base}{joint}click_id=", f"{sharp}{fragment}"


class Redirects:
    """The click path, as an RSGI application."""

    def __init__(
        self,
        known: Known,
        log: AckedLog,
        keys: ClickKeys,
        address_hash: AddressHash,
        configuration: Configuration,
    ) -> None:
        self._known = known
        self._log = log
        self._keys = keys
        self._address_hash = address_hash
        self._trusted = configuration.trusted_proxies
        self._routes: dict[str, Route | None] = {}
        self._routes_known = -1

    async def __call__(self, scope: Any, protocol: Any, path: str) -> None:
        """Answer one request for `path`: 302, or a problem (404, 405, 410, 503)."""
        method = scope.method
        if method not in {"GET", "HEAD"}:
            problem = Problem(405, "links are followed with GET or HEAD")
            refuse(protocol, problem, *COMMON_HEADERS, ("allow", "GET, HEAD"))
            return
        link = path[len(PREFIX) :]
        route = self._route(link)
        if route is None:
            refuse(protocol, Problem(404, "there is no such link"), *COMMON_HEADERS)
            return
        click = self._click(scope, method, link, route)
        try:
            await self._log.append(CLICKS, link, encode(click))
        except NotAcknowledged as why:
            problem = Problem(503, f"the click is not recorded, so it is not redirected: {why}")
            refuse(protocol, problem, *COMMON_HEADERS)
            return
        if not route.active:
            refuse(protocol, Problem(410, "this link is no longer in use"), *COMMON_HEADERS)
            return
        location = f"{route.before}{click.click_id}{route.after}"
        protocol.response_empty(302, [("location", location), *COMMON_HEADERS])

    def _click(self, scope: Any, method: str, link: str, route: Route) -> Click:
        header = scope.headers.get
        now = time.time_ns() // 1_000_000
        user_agent = clean(header("user-agent", ""), MAX_USER_AGENT)
        seen = visitor(user_agent)
        invalid = _reasons(header, method, user_agent, seen.bot) + route.reasons
        address = client_address(
            scope.client.rpartition(":")[0], header("x-forwarded-for"), self._trusted
        )
        query = scope.query_string
        return Click(
            click_id=self._keys.sign(link, now, invalid=bool(invalid)),
            link=link,
            program=route.program,
            partner=route.partner,
            occurred_at=now,
            destination=route.destination,
            referer=clean(header("referer", ""), MAX_REFERER),
            user_agent=user_agent,
            device=seen.device,
            browser=seen.browser,
            os=seen.os,
            bot=seen.bot,
            ip_hash=self._address_hash(address, now),
            invalid=invalid,
            **(tracking_fields(query) if query else {}),
        )

    def _route(self, link: str) -> Route | None:
        known = self._known.count
        if known != self._routes_known or len(self._routes) > ROUTES_CACHED:
            self._routes, self._routes_known = {}, known
        try:
            return self._routes[link]
        except KeyError:
            route = self._routes[link] = self._look_up(link, known)
            return route

    def _look_up(self, link: str, known: int) -> Route | None:
        directory = self._known.directory
        found = directory.link(link, known)
        if found is None or urlsplit(found.destination).scheme not in {"http", "https"}:
            return None
        program = directory.program(found.program, known)
        reasons = []
        if not found.active:
            reasons.append("link_disabled")
        if not directory.partner_active(found.program, found.partner, known):
            reasons.append("partner_inactive")
        if program is None or not program.active:
            reasons.append("program_inactive")
        before, after = location_parts(found.destination)
        return Route(
            program=found.program,
            partner=found.partner,
            destination=found.destination,
            before=before,
            after=after,
            reasons=tuple(reasons),
            active=found.active,
        )


def _reasons(header: Any, method: str, user_agent: str, bot: str) -> tuple[str, ...]:
    """Why the request itself does not count (`events.clicks.INVALID_REASONS`)."""
    reasons = []
    if bot:
        reasons.append("bot")
    for name in PREFETCH_HEADERS:
        purpose = header(name)
        if purpose and any(word in purpose.lower() for word in PREFETCH_WORDS):
            reasons.append("prefetch")
            break
    if method == "HEAD":
        reasons.append("head_request")
    if not user_agent:
        reasons.append("no_user_agent")
    return tuple(reasons)
