"""Names that people give to programs, partners, links, customers and deals.

Programs, partners, links and payouts appear in URLs, keys and file names: letters,
digits and `. _ -`. Customers, deals and event ids come from other systems and may be any
printable text without a control character.
"""

from __future__ import annotations

import re

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FOREIGN = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class BadId(ValueError):
    """A name that cannot be used; says which field and what is allowed."""


def slug(field: str, text: str) -> str:
    """`text` if it can name a program, partner, link or payout."""
    if not SLUG.fullmatch(text):
        raise BadId(
            f"{field}={text!r}: expected 1 to 64 letters, digits, '.', '_' or '-', "
            "beginning with a letter or digit"
        )
    return text


def foreign_id(field: str, text: str) -> str:
    """`text` if it can stand as another system's id (customer, deal, event_id)."""
    if not FOREIGN.fullmatch(text):
        raise BadId(f"{field}={text!r}: expected 1 to 200 printable characters")
    return text
