"""What a click's query says of where it came from: sub ids, ad clicks, the network's own id.

Values come from anybody, so they are cut and cleaned, and never decide where the visitor
goes. Of a name given twice the first counts.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

MAX_VALUE = 256
"""Characters kept of one value."""
MAX_USER_AGENT = 512
MAX_REFERER = 1024
MAX_QUERY = 8_192
"""Characters of a query that are looked at."""
MAX_FIELDS = 100

CLICK_ID_NAMES = (
    "click_id",
    "clickid",
    "cid",
    "tid",
    "xid",
    "transaction_id",
    "irclickid",
)
"""Under which names networks send a click id, in order of preference."""

SUB_IDS = ("sub1", "sub2", "sub3", "sub4", "sub5")
AD_CLICKS = ("gclid", "fbclid", "ttclid")
TRACKED = frozenset((*SUB_IDS, *AD_CLICKS, "source_id", "creative_id", "coupon_code"))
"""Names in a click's query that are fields of the click."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def clean(text: str, limit: int = MAX_VALUE) -> str:
    """`text` without control characters, cut at `limit` characters."""
    if not text.isprintable():  # nearly all are, and the question is fast
        text = _CONTROL.sub("", text)
    return text[:limit]


def first_values(query: str) -> dict[str, str]:
    """Each name of a query string with its first value that is not empty.

    As urllib's parse_qsl, in a third of the time. At most MAX_FIELDS are looked at.
    """
    values: dict[str, str] = {}
    for field in query[:MAX_QUERY].split("&", MAX_FIELDS)[:MAX_FIELDS]:
        name, _, value = field.partition("=")
        if "%" in field or "+" in field:
            name, value = unquote_plus(name), unquote_plus(value)
        if value and name not in values:
            values[name] = value
    return values


def tracking_fields(query: str) -> dict[str, str]:
    """The fields of a click (`events.clicks.Click`) that its query gives."""
    values = first_values(query)
    fields = {name: clean(value) for name, value in values.items() if name in TRACKED}
    if external := cited_click_id(values):
        fields["external_id"] = clean(external)
    return fields


def cited_click_id(values: dict[str, str]) -> str:
    """The click id among a query's values, by whichever of its names comes first; or ""."""
    for name in CLICK_ID_NAMES:
        if found := values.get(name):
            return found
    return ""
