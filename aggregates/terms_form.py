"""Terms as people write them, in a file or over HTTP: one form, read and written here.

The names are those of `events.terms`. Rates may be text ("10%"), amounts text in major units
("5.00"), times ISO 8601; integers are basis points, minor units and milliseconds. A key that
is not known is refused, wherever it stands: a misspelt `currency` would pay in another one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Struct

from aggregates.engine_one import beyond_engine_1
from aggregates.errors import Invalid
from aggregates.readable import moment, moment_text, money, money_text, rate, rate_text
from aggregates.terms import checked
from aggregates.terms_fields import KINDS, Owners, is_count, is_rate, unit_of_field
from aggregates.terms_shape import below, shaped
from events.currencies import is_currency
from events.terms import Terms

NOT_WRITTEN = ("version",)
"""Given by the program, when the terms are added."""


class ReadTerms(NamedTuple):
    """Terms that were read and can stand."""

    terms: Terms
    """Of version 0; in force from 1970 where the form does not say."""
    dated: bool
    """Whether the form says `effective_from`."""
    engine_by: str
    """Why it is engine 2 although the form names no engine: the line that needs it, or
    `terms 3` of which it is the successor. Empty otherwise."""

    def fields(self) -> dict[str, Any]:
        """What `add_terms` takes besides `effective_from`."""
        found = msgspec.structs.asdict(self.terms)
        return {key: found[key] for key in found if key not in {"version", "effective_from"}}


def read_form(given: object, currency: str = "", newest: Terms | None = None) -> ReadTerms:
    """The terms in `given`, plain values as TOML or JSON have them.

    `currency`: of the program, "" where it is not known: amounts are then integers or name it.
    `newest`: the general terms that are there; a form without engine stays at theirs.
    Raises Invalid with the path of the line.
    """
    read = _struct("", given, Terms, (), currency)
    dated = "effective_from" in read
    named = "engine" in read
    engine = read.pop("engine", "2")
    wanted = Terms(**{"version": 0, "effective_from": 0, **read, "engine": _text(engine)})
    if named:
        return ReadTerms(checked(wanted), dated, "")
    wanted = shaped("", wanted, Terms)
    beyond = beyond_engine_1(wanted)
    if beyond:
        return ReadTerms(checked(wanted), dated, beyond.path)
    if newest is not None and newest.engine != "1":
        return ReadTerms(checked(wanted), dated, f"terms {newest.version}")
    return ReadTerms(checked(msgspec.structs.replace(wanted, engine="1")), dated, "")


def write_form(terms: Terms, currency: str) -> dict[str, Any]:
    """`terms` as plain values that `read_form` reads to the same: every setting is spelled
    out; empty lists, and defaults within entries, are left out."""
    written = _written(terms, (), currency)
    for field in msgspec.structs.fields(Terms):
        if field.name not in NOT_WRITTEN and not isinstance(field.default, tuple):
            written.setdefault(field.name, getattr(terms, field.name))
    if not terms.partner:
        del written["partner"]
    entries = [key for key, value in written.items() if isinstance(value, list)]
    return {key: written[key] for key in (*_without(written, entries), *entries)}


def _struct(
    path: str, given: object, kind: type[Struct], owners: Owners, currency: str
) -> dict[str, Any]:
    """The fields of `kind` that `given` names, read; raises Invalid for keys that are none."""
    known = [field for field in msgspec.structs.fields(kind) if field.name not in NOT_WRITTEN]
    names = [field.name for field in known]
    if not isinstance(given, Mapping):
        raise Invalid(path or "terms", given, f"a table with {', '.join(names)}")
    for key in given:
        if key not in names:
            raise Invalid(below(path, str(key) or '""'), given[key], _no_such_key(key, names))
    for field in known:
        if field.required and field.name not in given and field.name != "effective_from":
            raise Invalid(below(path, field.name), None, "a value; this key is missing")
    inner = (given, *owners)
    return {
        field.name: _field(path, given[field.name], kind, field, inner, currency)
        for field in known
        if field.name in given
    }


def _field(path: str, value: Any, kind: type[Struct], field: Any, owners: Owners, cur: str) -> Any:
    path = below(path, field.name)
    entry = _entry_of(field.type)
    if entry is not None and get_origin(field.type) is tuple:
        if not isinstance(value, list | tuple):
            raise Invalid(path, value, f"a list of tables, [[{path}]] in TOML")
        return tuple(
            entry(**_struct(f"{path}[{place}]", part, entry, owners, cur))
            for place, part in enumerate(value)
        )
    if entry is not None:
        return None if value is None else entry(**_struct(path, value, entry, owners, cur))
    match KINDS.get((kind, field.name)):
        case "time":
            return moment(path, value)
        case "rate":
            return rate(path, value)
        case "reward" if is_rate(owners):
            return rate(path, value)
        case "threshold" if is_count(owners):
            return _count(path, value)
        case "money" | "reward" | "threshold":
            return money(path, value, unit_of_field(kind, field.name, owners, cur))
    return value


def _written(terms: Struct, owners: Owners, currency: str) -> dict[str, Any]:
    """The fields of a struct that are not at their defaults, as plain readable values."""
    kind = type(terms)
    inner = (msgspec.structs.asdict(terms), *owners)
    written: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        value = getattr(terms, field.name)
        if field.name in NOT_WRITTEN or (not field.required and value == field.default):
            continue
        if isinstance(value, Struct):
            written[field.name] = _written(value, inner, currency)
        elif isinstance(value, tuple):
            written[field.name] = [
                _written(part, inner, currency) if isinstance(part, Struct) else part
                for part in value
            ]
        else:
            written[field.name] = _number_text(kind, field.name, value, inner, currency)
    return written


def _number_text(kind: type[Struct], field: str, value: Any, owners: Owners, currency: str) -> Any:
    found = KINDS.get((kind, field))
    if found == "time":
        return moment_text(value)
    if found == "rate" or (found == "reward" and is_rate(owners)):
        return rate_text(value)
    if found is None or (found == "threshold" and is_count(owners)):
        return value
    unit = unit_of_field(kind, field, owners, currency)
    return money_text(value, unit) if unit and is_currency(unit) else value


def _entry_of(kind: Any) -> type[Struct] | None:
    """The struct that a field holds, one or a list of; None for plain values."""
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and part is not NoneType and issubclass(part, Struct):
            return part
    return None


def _count(path: str, value: object) -> object:
    if type(value) is not int:
        raise Invalid(path, value, 'a count, a whole number: measure = "count"')
    return value


def _text(engine: object) -> Any:
    return str(engine) if type(engine) is int else engine


def _no_such_key(key: object, names: list[str]) -> str:
    near = difflib.get_close_matches(str(key), names, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"a key that there is; {meant}known are {', '.join(names)}"


def _without(given: Mapping[str, Any], keys: list[str]) -> list[str]:
    return [key for key in given if key not in keys]
