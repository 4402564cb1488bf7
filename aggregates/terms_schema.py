"""JSON Schema of the form of terms, for editors and for those who post terms.

`python -m aggregates.terms_schema` writes `aggregates/schemas/terms.json` from the types and
the docstrings of `events.terms`; a test holds it current. It says what a line may be; what
lines must not say beside each other is checked when terms are read (`aggregates.terms`).
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from aggregates.terms_fields import KINDS, Kind
from aggregates.terms_form import NOT_WRITTEN
from events import terms as source
from events.terms import ENGINES, Terms

FILE = Path(__file__).parent / "schemas" / "terms.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

RATE = {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,2})? ?%$", "description": "As 12.5%"}
BASIS_POINTS = {"type": "integer", "minimum": 0, "maximum": 10_000, "description": "Basis points"}
MONEY = {"type": "string", "description": "Major units, as 5.00 or 5.00 EUR"}
MINOR_UNITS = {"type": "integer", "minimum": 0, "description": "Minor units, or a count"}
TIME = {"type": "string", "description": "ISO 8601, as 2026-11-01; UTC unless it says otherwise"}
MILLISECONDS = {"type": "integer", "minimum": 0, "description": "Milliseconds since 1970 UTC"}
NUMBERS: dict[Kind, list[dict[str, Any]]] = {
    "rate": [BASIS_POINTS, RATE],
    "money": [MINOR_UNITS, MONEY],
    "reward": [MINOR_UNITS, RATE, MONEY],
    "threshold": [MINOR_UNITS, MONEY],
    "time": [TIME, MILLISECONDS],
}
"""What may stand for each kind of number."""
ENGINE = {
    "enum": list(ENGINES),
    "description": "The calculation. Not named: 1, or 2 where the terms or those before need it.",
}
PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
}


def schema() -> dict[str, Any]:
    """The schema, with a definition for each struct of the terms."""
    said = _docstrings()
    found: dict[str, Any] = {}
    _define(Terms, found, said)
    whole = found.pop("Terms")
    return {"$schema": DIALECT, "title": "Terms", **whole, "$defs": dict(sorted(found.items()))}


def schema_bytes() -> bytes:
    """The file, with a stable order and a line break at its end."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=1) + b"\n"


def _define(kind: type[Struct], found: dict[str, Any], said: dict[str, str]) -> None:
    properties: dict[str, Any] = {}
    required = []
    for field in msgspec.structs.fields(kind):
        if field.name in NOT_WRITTEN:
            continue
        if (kind, field.name) == (Terms, "engine"):
            properties[field.name] = ENGINE
            continue
        number = KINDS.get((kind, field.name))
        shape = {"anyOf": NUMBERS[number]} if number else _shape(field.type, found, said)
        properties[field.name] = {**shape, **_about(kind, field, said)}
        if field.required and field.name != "effective_from":
            required.append(field.name)
    found[kind.__name__] = {
        "type": "object",
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _about(kind: type[Struct], field: Any, said: dict[str, str]) -> dict[str, Any]:
    about: dict[str, Any] = {}
    if text := said.get(f"{kind.__name__}.{field.name}"):
        about["description"] = text
    if not field.required and isinstance(field.default, str | int):
        about["default"] = field.default
    return about


def _shape(kind: Any, found: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        if kind.__name__ not in found:
            _define(kind, found, said)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _shape(get_args(kind)[0], found, said)}
    if get_origin(kind) in {Union, UnionType}:
        return {"anyOf": [_shape(part, found, said) for part in get_args(kind)]}
    return dict(PLAIN[kind])


def _docstrings() -> dict[str, str]:
    """`Struct.field` → the text that stands below the field, in `events/terms.py`."""
    said: dict[str, str] = {}
    for node in ast.parse(inspect.getsource(source)).body:
        if isinstance(node, ast.ClassDef):
            for field, text in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(text, ast.Expr)
                    and isinstance(text.value, ast.Constant)
                ):
                    about = inspect.cleandoc(str(text.value.value))
                    said[f"{node.name}.{field.target.id}"] = about
    return said


def write() -> None:
    """Write the file anew."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(schema_bytes())


if __name__ == "__main__":
    write()
