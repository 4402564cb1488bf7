"""Errors as RFC 9457 problem details: what is wrong, where, and what would be right."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import msgspec

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
NAMED_FIELD = re.compile(r"(?:missing required|unknown) field `(.*)`$")
"""msgspec tells where the object stands, and the missing or unknown field in its words."""


class Problem(Exception):
    """An answer that is an error. `extra` are members of its own (RFC 9457, 3.2)."""

    def __init__(self, status: int, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extra = extra

    @property
    def headers(self) -> dict[str, str]:
        if self.status == 401:
            return {"www-authenticate": "Bearer"}
        return {"retry-after": str(RETRY_AFTER_S)} if self.status == 503 else {}

    def body(self) -> bytes:
        return msgspec.json.encode(
            {
                "type": "about:blank",
                "title": HTTPStatus(self.status).phrase,
                "status": self.status,
                "detail": self.detail,
                **self.extra,
            }
        )


class FieldProblem(Problem):
    """422: one field of the input cannot be used."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(422, detail, field=field)
        self.field = field


def from_decode_error(problem: Exception) -> FieldProblem:
    """msgspec's `Expected … - at `$.amount`` as a problem that names the field."""
    text = str(problem)
    detail, _, path = text.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    named = NAMED_FIELD.search(detail)
    if named:
        path = f"{path}.{named[1]}" if path else named[1]
    return FieldProblem(path, detail or text)
