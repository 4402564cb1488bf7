"""What the warehouse's row of a record must say, column by column.

Written without a look at the sink that writes the rows: a row must say what its record says,
and where the record says nothing, what the column says of itself (nothing, or its default).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from events import topics
from events.codec import FAMILIES, decode_record
from events.conversions import Assignment, Item
from events.decisions import Decision
from events.position import Record

Row = Mapping[str, Any]
"""Column → value, as ClickHouse's JSONEachRow gives it."""

TABLES = {
    topics.JOURNAL: "journal_entries",
    topics.ATTRIBUTIONS: "attributions",
    topics.CONVERSIONS: "conversions",
    topics.DECISIONS: "decisions",
    topics.CLICKS: "clicks",
    topics.DEAD_LETTERS: "dead_letters",
}
"""Topic → its table, the money first."""

KEPT_RECORDED_AT = (topics.ATTRIBUTIONS, topics.DEAD_LETTERS)
"""Topics whose records say `recorded_at` themselves, of what they speak of."""

DEFAULTS: Mapping[str, Any] = {"quantity": 1}
"""Columns whose default is not zero or empty."""

NOTHING = ("", 0)
"""Most columns, where nothing is said: looked at first, since most are so."""

LARGEST = 2**63 - 1
"""What a column of 64 bits holds."""


class Expected(Struct, frozen=True):
    """A row that must stand in the table."""

    offset: int
    fields: dict[str, Any]
    """Column → value, of those the record says."""
    implied: dict[str, Any]
    """Column → value, of those it need not say: the type's own defaults."""


class ColumnDifference(Struct, frozen=True):
    """A column, or a part of one, that says something else than its record."""

    column: str
    """With the place in it, as `legs[0].amount`."""
    log: Any
    warehouse: Any


def expected_fact(topic: str, record: Record) -> Expected:
    """The row of a readable record. Raises events.codec.UnreadableRecord."""
    found = decode_record(record, topic)
    said = _said(record, found)
    placed: dict[str, Any] = {"partition": record.partition, "offset": record.offset}
    if topic not in KEPT_RECORDED_AT:
        placed["recorded_at"] = record.recorded_at
    return Expected(record.offset, said | placed, IMPLIED[type(found)])


def expected_decision(record: Record, decision: Decision) -> Expected:
    """The row of one accepted decision of a record."""
    origin = decision.origin
    fields: dict[str, Any] = {
        "partition": record.partition,
        "offset": record.offset,
        "number": decision.number,
        "recorded_at": decision.recorded_at,
        "aggregate": decision.aggregate,
        "version": decision.version,
        "name": decision.name,
        "state": decision.state.decode("utf-8", "backslashreplace"),
    }
    if origin is not None:
        fields |= {
            "origin_via": origin.via,
            "origin_by": origin.by,
            "origin_source": origin.source,
            "origin_key": origin.key,
        }
    return Expected(record.offset, fields, {})


def differing(expected: Expected, row: Row) -> list[ColumnDifference]:
    """The columns of a row that say something else than the record."""
    found: list[ColumnDifference] = []
    for column, value in row.items():
        default = DEFAULTS.get(column)
        said = expected.fields.get(column, default)
        if said == value or (said is None and value in NOTHING) or _same(column, said, value):
            continue
        implied = expected.implied.get(column)
        if said == implied and (value == default or (default is None and _is_empty(value))):
            continue  # the record says a default in full; the column has it by saying nothing
        found += _parts(column, column, said, value)
    return found


def _parts(column: str, path: str, said: Any, value: Any) -> Iterator[ColumnDifference]:
    """The smallest parts of a column that differ."""
    pairs: Iterable[tuple[str, Any, Any]] = ()
    if isinstance(said, Mapping) and isinstance(value, Mapping) and not _is_open(column):
        pairs = ((f".{name}", said.get(name), part) for name, part in value.items())
    elif _is_list(said) and _is_list(value) and len(said) == len(value):
        pairs = ((f"[{n}]", *both) for n, both in enumerate(zip(said, value, strict=True)))
    smaller = [
        found
        for place, one, other in pairs
        if not _same(column, one, other)
        for found in _parts(f"{column}.", f"{path}{place}", one, other)
    ]
    yield from smaller or (ColumnDifference(path, said, value),)


def too_large(expected: Expected) -> bool:
    """Whether the record holds a number that no column of the warehouse can hold."""
    return any(abs(number) > LARGEST for number in _numbers(expected.fields))


def _said(record: Record, found: Any) -> dict[str, Any]:
    """What the record says: as its bytes do, or as today's version says it."""
    said: dict[str, Any] = msgspec.json.decode(record.value or b"null")
    if said.get("type") != found.__struct_config__.tag:
        said = msgspec.json.decode(msgspec.json.encode(found))
    if isinstance(found, Assignment):
        # It carries a whole deal; its row has what is the assignment's own, and the amounts.
        deal = said.pop("deal")
        said |= {name: deal[name] for name in ("deal", "amount", "currency")}
        said["kind"] = found.deal.kind
    return said


def _implied(shape: type[Struct]) -> dict[str, Any]:
    """Field → what it is when a record of this type does not say it; text and numbers only."""
    fields, defaults = shape.__struct_fields__[::-1], shape.__struct_defaults__[::-1]
    return {
        name: default
        for name, default in zip(fields, defaults, strict=False)
        if isinstance(default, str | int)
    }


IMPLIED = {shape: _implied(shape) for family in FAMILIES.values() for shape in family}
"""Type of a record → what its fields are where it does not say them."""


def _same(column: str, said: Any, value: Any) -> bool:
    """Whether a column's value is what was said; nothing said is zero, empty or nothing."""
    if column == "items":
        return bool(_items(said) == _items(value))
    if said is None:
        return _is_empty(value)
    if isinstance(said, Mapping) and isinstance(value, Mapping):
        names = said.keys() | value.keys() if _is_open(column) else value.keys()
        return all(
            name in value
            and (name in said or not _is_open(column))
            and _same(f"{column}.{name}", said.get(name), value[name])
            for name in names
        )
    if _is_list(said) and _is_list(value):
        return len(said) == len(value) and all(
            _same(f"{column}[]", one, other) for one, other in zip(said, value, strict=True)
        )
    if isinstance(said, int) and isinstance(value, str):  # JSON writes 128 bits as text
        return str(said) == value
    return bool(said == value)


OPEN = frozenset(("metadata", "counters", "balances", "waiting"))
"""Columns that are maps: their keys are the record's, and no others."""


def _is_open(column: str) -> bool:
    return column in OPEN


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return value in (None, "", 0, "0") or (_is_list(value) and not value)


def _items(value: Any) -> Any:
    """The items of a deal, which the warehouse keeps as JSON text."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value) if value else []
        except msgspec.DecodeError:
            return value
    try:
        return msgspec.convert(value or [], tuple[Item, ...])
    except msgspec.ValidationError:
        return value


def _numbers(value: Any) -> list[int]:
    if isinstance(value, Mapping):
        return [number for part in value.values() for number in _numbers(part)]
    if _is_list(value):
        return [number for part in value for number in _numbers(part)]
    return [value] if isinstance(value, int) else []
