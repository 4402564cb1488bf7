"""Terms as a TOML file that people can edit and add again.

Settings first, then a block for each entry (`[[rules]]`); what stands within an entry is
written on a line of its own, and tiers below their rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def toml(form: Mapping[str, Any]) -> str:
    """The file of a form (`aggregates.terms_form.write_form`)."""
    return "\n".join(_lines(form)) + "\n"


def _lines(form: Mapping[str, Any]) -> Iterator[str]:
    for key, value in form.items():
        if not _is_tables(value):
            yield f"{key} = {_value(value)}"
    for key, value in form.items():
        if _is_tables(value):
            for entry in value:
                yield from _block(key, entry)


def _block(kind: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"[[{kind}]]"
    for key, value in entry.items():
        if not isinstance(value, Mapping):
            yield f"{key} = {_value(value)}"
    for key, value in entry.items():
        if isinstance(value, Mapping):
            yield f"[{kind}.{key}]"
            for inner, part in value.items():
                yield f"{inner} = {_value(part)}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(part)}" for key, part in value.items()) + " }"
    if _is_tables(value):
        return "[\n" + "".join(f"    {_value(part)},\n" for part in value) + "]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    # JSON's numbers, booleans and quoted texts are TOML's too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
