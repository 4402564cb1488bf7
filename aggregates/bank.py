"""Where money is sent: checks of an account's holder, number, bank and country.

An IBAN is checked with its check digits and the length and structure of its country
(ISO 13616), a BIC with its structure and country (ISO 9362); both by the `schwifty` library.
Whether the account exists, only the bank knows.
"""

from __future__ import annotations

import re

import pycountry
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from aggregates.checks import name_of
from aggregates.errors import Invalid

LONGEST_HOLDER = 70
"""Characters of a name that a SEPA credit transfer carries (EPC's implementation guidelines)."""

EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]{2,}")
LONGEST_EMAIL = 254
"""Characters (RFC 5321, as corrected by erratum 1690 of RFC 3696)."""


def holder_of(field: str, text: str) -> str:
    """The name an account is held in."""
    if len(name_of(field, text)) > LONGEST_HOLDER:
        raise Invalid(field, text, f"at most {LONGEST_HOLDER} characters: transfers carry no more")
    return text


def iban_of(field: str, text: str) -> str:
    """An IBAN without spaces, in upper case."""
    try:
        return str(IBAN(text))
    except SchwiftyException as problem:
        raise Invalid(field, text, f"an IBAN (ISO 13616): {_said(problem)}") from None


def bic_of(field: str, text: str) -> str:
    """A BIC of 8 or 11 characters, in upper case."""
    try:
        return str(BIC(text))
    except SchwiftyException as problem:
        raise Invalid(field, text, f"a BIC (ISO 9362): {_said(problem)}") from None


def _said(problem: SchwiftyException) -> str:
    text = str(problem)
    return text[:1].lower() + text[1:]


def email_of(field: str, text: str) -> str:
    """An e-mail address, checked plainly: something, @, a host with a dot."""
    if len(text) > LONGEST_EMAIL or not EMAIL.fullmatch(text):
        raise Invalid(field, text, "an e-mail address, for example jane@partner.example")
    return text


def country_of(field: str, text: str) -> str:
    """A country as ISO 3166-1 alpha-2 in upper case, as DE."""
    if pycountry.countries.get(alpha_2=text) is None or text != text.upper():
        raise Invalid(field, text, "an ISO 3166-1 code of two letters in upper case, as DE")
    return text
