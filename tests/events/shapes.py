"""Any struct of ours, drawn by Hypothesis from its type hints."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal, Union

import msgspec
from hypothesis import strategies as st

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(max_size=12)


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type hint: a struct, or what our structs are made of."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is int:
        return INT64
    if origin is Annotated:
        [meta] = hint.__metadata__
        return st.integers(meta.ge, meta.le)
    if hint is bool:
        return st.booleans()
    if hint is str:
        return TEXT
    if hint is type(None):
        return st.none()
    if hint is msgspec.Raw:
        return st.just(msgspec.Raw(b'{"a":1}'))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(of(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(of(arguments[0]), of(arguments[1]), max_size=3)
    if origin is Union or isinstance(hint, getattr(typing, "types", type(None)).UnionType):  # type: ignore[attr-defined]
        return st.one_of([of(argument) for argument in arguments])
    hints = typing.get_type_hints(hint, include_extras=True)
    return st.builds(hint, **{name: of(hints[name]) for name in hint.__struct_fields__})
