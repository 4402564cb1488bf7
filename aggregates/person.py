"""Who is the same person: where two must agree, one must not be both by another spelling."""

from __future__ import annotations

import unicodedata


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: compared without case, white space, width (Unicode's
    NFKC) and what cannot be seen (its class Cf)."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    seen = "".join(one for one in name if unicodedata.category(one) != "Cf")
    return "".join(unicodedata.normalize("NFKC", seen).casefold().split())
