"""A query sent as a form (`multipart/form-data`).

Clients turn to it when a query's parameters are too long for a URL: `query` and
`param_*` are fields. Files in it would be external tables, which chDB has no
way to take.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import multipart

from deploy.warehouse.errors import INCORRECT_DATA, NOT_IMPLEMENTED, WarehouseError
from deploy.warehouse.request import split_names


@dataclass(frozen=True)
class Fields:
    query: bytes
    parameters: Mapping[str, str]
    settings: Mapping[str, str]


def is_form(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/form-data")


def read_form(content_type: str, body: bytes) -> Fields:
    """Raises WarehouseError when the form is malformed or carries a table."""
    _, options = multipart.parse_options_header(content_type)
    values: dict[str, str] = {}
    try:
        parts = multipart.MultipartParser(
            io.BytesIO(body),
            options.get("boundary", ""),
            content_length=len(body),
            memory_limit=len(body) + 1,
        )
        for part in parts:
            if part.filename:
                raise WarehouseError.refused(
                    NOT_IMPLEMENTED,
                    f"External table {part.name!r}: insert it into a table of its own first.",
                )
            values[part.name] = part.value
    except multipart.MultipartError as error:
        raise WarehouseError.refused(INCORRECT_DATA, f"The form is malformed: {error}.") from error
    settings, parameters = split_names(values.items())
    return Fields(values.get("query", "").encode(), parameters, settings)
