"""Clicks: somebody followed a partner's link. Topic `clicks`, key: the link.

A click that does not count (a crawler, a prefetch, a HEAD request) is kept with the
reasons in `invalid`. The visitor's address is never stored: `ip_hash` is a keyed hash
whose salt rotates daily.
"""

from __future__ import annotations

from msgspec import Struct

INVALID_REASONS = (
    "bot",  # the user agent is a known crawler
    "prefetch",  # Purpose / Sec-Purpose / X-Moz says the browser was guessing
    "head_request",  # nobody saw the page
    "no_user_agent",
    "method",  # imported line that is neither GET nor HEAD
    "not_found",  # imported line the site answered with a status of 400 or more
    "link_disabled",
    "partner_inactive",
    "program_inactive",
)


class Click(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag="click.v1"):
    """One visit by a partner's link."""

    click_id: str
    """Signed token, see `events.click_token`."""
    link: str
    program: str
    partner: str
    occurred_at: int
    """Milliseconds since 1970 UTC."""
    destination: str = ""
    referer: str = ""
    user_agent: str = ""
    device: str = ""
    browser: str = ""
    os: str = ""
    bot: str = ""
    """Name of the crawler, when it is one."""
    country: str = ""
    ip_hash: str = ""
    sub1: str = ""
    sub2: str = ""
    sub3: str = ""
    sub4: str = ""
    sub5: str = ""
    source_id: str = ""
    creative_id: str = ""
    coupon_code: str = ""
    gclid: str = ""
    fbclid: str = ""
    ttclid: str = ""
    external_id: str = ""
    """The network's own click id, as it came in the request (click_id, cid, tid, irclickid…)."""
    invalid: tuple[str, ...] = ()
