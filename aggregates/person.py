"""Who is the same person: where two must agree, one must not be both by another spelling."""

from __future__ import annotations

import unicodedata


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: compared without case, white space and width
    (Unicode's NFKC)."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
