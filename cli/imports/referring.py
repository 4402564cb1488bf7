"""Partners by referring site: whose link did a visit of an access log come by?

| the Referer header | belongs to |
| --- | --- |
| another site, `https://www.example.org/page` | partner `example.org` (host without `www.`) |
| none, or not an http(s) URL | partner `direct` (`--direct NAME`) |
| the site itself (`--own-site HOST`, its subdomains included) | `own-site` (`--internal NAME`) |

Each partner has one link in the program, `PROGRAM.PARTNER`. Visits without a referring site
are partners of their own, so that the sums of an import are the lines of its file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

MAX_NAME = 64
HASH_CHARS = 8

_NOT_SLUG = re.compile(r"[^a-z0-9._-]+")


def referring_host(referer: str) -> str:
    """The host of a Referer, lower case, without `www.` and port; empty for none."""
    try:
        parts = urlsplit(referer.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"}:
        return ""
    return host.removeprefix("www.")


def partner_of(referer: str, own_sites: Sequence[str], *, direct: str, internal: str) -> str:
    """The partner a visit with this Referer belongs to."""
    host = referring_host(referer)
    if not host:
        return direct
    for site in own_sites:
        own = site.lower().removeprefix("www.")
        if host == own or host.endswith("." + own):
            return internal
    return fitted(_NOT_SLUG.sub("-", host).strip("-._") or direct)


def link_of(program: str, partner: str) -> str:
    """The link of `partner` in `program`: `program.partner`."""
    return fitted(f"{program}.{partner}")


def fitted(name: str) -> str:
    """`name`, or its beginning and a hash of it where it is longer than a name may be."""
    if len(name) <= MAX_NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:HASH_CHARS]
    return f"{name[: MAX_NAME - HASH_CHARS - 1]}-{mark}"
