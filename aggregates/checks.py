"""What a value must be before it may stand in a decision. All raise `Invalid`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pycountry

from aggregates.errors import Invalid
from events.conversions import MAX_MINOR_UNITS
from events.ids import BadId, foreign_id, slug

NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
POSITION = re.compile(r"[^/\s]+/[0-9]+/[0-9]+")
LARGEST_AMOUNT = MAX_MINOR_UNITS
"""Minor units. Balances are sums of such, and must fit a 64-bit column."""


def slug_of(field: str, text: str) -> str:
    """The id of a program, partner, link or payout (`events.ids.slug`)."""
    try:
        return slug(field, text)
    except BadId:
        raise Invalid(
            field,
            text,
            "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
        ) from None


def foreign_of(field: str, text: str) -> str:
    """An id of another system: of a customer, a deal, an event (`events.ids.foreign_id`)."""
    try:
        return foreign_id(field, text)
    except BadId:
        raise Invalid(field, text, "1 to 200 printable characters") from None


def coupon_code(text: str) -> str:
    """A coupon code in upper case: codes compare without regard to case."""
    return slug_of("code", text.strip().upper())


def name_of(field: str, text: str) -> str:
    """A name for people: any one line of text."""
    if not NAME.fullmatch(text) or not text.strip():
        raise Invalid(field, text, "1 to 200 printable characters")
    return text


def currency_of(field: str, text: str) -> str:
    """An ISO 4217 code in upper case, as EUR."""
    if pycountry.currencies.get(alpha_3=text) is None or text != text.upper():
        raise Invalid(field, text, "an ISO 4217 currency code in upper case, for example EUR")
    return text


def unit_of(field: str, text: str) -> str:
    """A currency, or a program's own unit such as `acme:credit`."""
    program, colon, unit = text.partition(":")
    if not colon:
        return currency_of(field, text)
    slug_of(field, program)
    slug_of(field, unit)
    return text


def url_of(field: str, text: str) -> str:
    """An absolute http or https URL without user name or password."""
    expected = "an absolute URL, http:// or https://, without user name or white space"
    try:
        parts = urlsplit(text)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        raise Invalid(field, text, expected) from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not port_is_readable
        or "@" in parts.netloc
        or re.search(r"[\s\x00-\x1f\x7f\\]", text)
    ):
        raise Invalid(field, text, expected)
    return text


def amount_of(field: str, amount: int, least: int = 0) -> int:
    """An amount in minor units."""
    if type(amount) is not int or not least <= amount <= LARGEST_AMOUNT:
        raise Invalid(field, amount, f"minor units, an integer from {least} to {LARGEST_AMOUNT}")
    return amount


def change_of(field: str, amount: int) -> int:
    """An amount in minor units that is gained, or lost if negative; not zero."""
    if type(amount) is not int or not 0 < abs(amount) <= LARGEST_AMOUNT:
        raise Invalid(
            field, amount, f"minor units, an integer up to {LARGEST_AMOUNT}, signed and not 0"
        )
    return amount


def days_of(field: str, days: int) -> int:
    """A number of days, at most a century."""
    if type(days) is not int or not 0 <= days <= MOST_DAYS:
        raise Invalid(field, days, f"a number of days from 0 to {MOST_DAYS}")
    return days


MOST_DAYS = 36_500
"""A century: keeps times within what every database can hold."""


def position_of(field: str, text: str) -> str:
    """The place of a journal entry, `topic/partition/offset`."""
    if not POSITION.fullmatch(text):
        raise Invalid(field, text, "topic/partition/offset, for example journal/3/1842")
    return text


LATEST_MS = 253_402_300_799_999
"""The end of the year 9999, milliseconds since 1970 UTC."""


def time_of(field: str, milliseconds: int) -> int:
    """A time in milliseconds since 1970 UTC."""
    if type(milliseconds) is not int or not 0 <= milliseconds <= LATEST_MS:
        raise Invalid(field, milliseconds, "milliseconds since 1970 UTC")
    return milliseconds
