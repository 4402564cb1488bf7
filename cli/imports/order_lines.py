"""Order lists of JSON lines: one object a line, an order or a line of one.

A field within an object is named by its path: `customer.id`. Text stays text; numbers are
written as decimals are, so that no float gets in; true and false are `true` and `false`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from cli.imports.deal_map import DealMap
from cli.imports.report import Report

SUFFIXES = (".jsonl", ".ndjson")


def json_columns(path: Path) -> list[str]:
    """The paths of all fields in the file, in the order in which they first stand there."""
    found: dict[str, None] = {}
    for _, fields, _ in _lines(path, "utf-8"):
        found.update(dict.fromkeys(fields))
    return list(found)


def json_records(
    path: Path, shape: DealMap, columns: list[str], report: Report
) -> Iterator[tuple[int, dict[str, str], tuple[str, str] | None]]:
    """Line, column → text, and why it cannot be used. A field that is not there is empty."""
    for line, fields, problem in _lines(path, shape.file.encoding):
        report.lines += 1
        told = None if problem is None else ("line", problem)
        yield line, {column: fields.get(column, "") for column in columns}, told


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str], str | None]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line.decode(encoding), parse_float=Decimal, parse_int=Decimal)
            except (ValueError, RecursionError) as problem:
                yield number, {}, f"not JSON: {problem}"
                continue
            if isinstance(found, dict):
                yield number, dict(_fields("", found)), None
            else:
                yield number, {}, "expected an object of JSON"


def _fields(path: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, part in value.items():
        if isinstance(part, Mapping):
            yield from _fields(f"{path}{name}.", part)
        else:
            yield f"{path}{name}", _text(part)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, str) else json.dumps(value, default=str)
