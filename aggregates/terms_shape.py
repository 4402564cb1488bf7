"""The shape of terms: every field of its type, every text one of those it may be.

The types are those of `events.terms`; a msgspec Struct made in Python does not check them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from aggregates.errors import Invalid

MOST_ENTRIES = 200
"""Of any list of the terms: each deal is held against all of them."""
WORDS = {int: "a whole number", str: "text", bool: "true or false"}


def shaped(path: str, value: Any, kind: Any) -> Any:
    """`value` as a `kind`, lists as tuples. Raises Invalid with the path of what does not fit."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        if not isinstance(value, kind):
            raise Invalid(path, value, f"a {kind.__name__} with its fields")
        return kind(
            **{
                field.name: shaped(below(path, field.name), getattr(value, field.name), field.type)
                for field in msgspec.structs.fields(kind)
            }
        )
    origin = get_origin(kind)
    if origin is Literal:
        if not isinstance(value, str) or value not in get_args(kind):
            raise Invalid(path, value, one_of(get_args(kind)))
        return value
    if origin is tuple:
        return _list(path, value, get_args(kind)[0])
    if origin in {Union, UnionType}:
        return shaped(path, value, _member(path, value, get_args(kind)))
    if kind is NoneType or type(value) is kind:
        return value
    raise Invalid(path, value, WORDS[kind])


def below(path: str, field: str) -> str:
    """The path of a field of what stands at `path`."""
    return f"{path}.{field}" if path else field


def one_of(values: tuple[str, ...]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))


def spelled_out(value: Any) -> Any:
    """Terms as JSON with every field: a default that changes later must not change them."""
    if isinstance(value, Struct):
        return {name: spelled_out(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {key: spelled_out(part) for key, part in value.items()}
    return [spelled_out(part) for part in value] if isinstance(value, tuple | list) else value


def _list(path: str, value: Any, kind: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list):
        raise Invalid(path, value, "a list")
    if len(value) > MOST_ENTRIES:
        raise Invalid(path, f"{len(value)} entries", f"at most {MOST_ENTRIES}")
    return tuple(shaped(f"{path}[{place}]", part, kind) for place, part in enumerate(value))


def _member(path: str, value: Any, kinds: tuple[Any, ...]) -> Any:
    """The type of a union that `value` means to be."""
    for kind in kinds:
        if kind is NoneType:
            fits = value is None
        elif get_origin(kind) is tuple:
            fits = isinstance(value, tuple | list)
        else:
            fits = type(value) is kind
        if fits:
            return kind
    if any(isinstance(kind, type) and issubclass(kind, Struct) for kind in kinds):
        return next(kind for kind in kinds if kind is not NoneType)
    raise Invalid(path, value, "text, a whole number or a list of texts")
