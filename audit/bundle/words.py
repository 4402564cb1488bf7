"""Whether a record names somebody else: names found in its text, wherever they stand.

A name counts where it stands apart from other letters and digits, in any case: `omar` is named
by `partner:omar`, `omar-link.AZO…` and `paid for Omar`, not by `omarine`. What lies within a
name of the partner's own is the partner's: its link `jane-for-omar` tells nothing of omar.

Too much is withheld rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from events.codec import FAMILIES
from events.currencies import is_currency
from events.decisions import FACTS, DecisionRecord, Origin, StoredDecision
from events.position import Record

RUN = re.compile(r"[^\W_]+")
"""Letters and digits of any script."""
PLACE = re.compile(r"[a-z-]+/\d+(/\d+)?")
"""A position, or a partition."""
HASH = re.compile(r"[0-9a-f]{16}|[0-9a-f]{64}")
WHOSE = frozenset(("partner", "via", "parent", "link", "coupon_code", "coupon"))
"""Fields that say whose something is: there a name is never excused."""


class Names:
    """A set of names that can be found in text."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_run: dict[str, list[str]] = {}
        """First run of letters of a name → the names that have it."""
        self._all: set[str] = set()
        for name in names:
            self.add(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.casefold() in self._all

    def add(self, name: str) -> None:
        """One more; a name without any letter or digit cannot be found and is left out."""
        name = name.casefold()
        first = RUN.search(name)
        if first is not None and name not in self._all:
            self._all.add(name)
            self._by_run.setdefault(first[0], []).append(name)

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of every one in `text`, which is case-folded."""
        for run in RUN.finditer(text):
            for name in self._by_run.get(run[0], ()):
                start = run.start() - name.index(run[0])
                end = start + len(name)
                if start >= 0 and text[start:end] == name and _apart(text, start, end):
                    yield start, end


class Telling:
    """Tells the records that name others from those that do not."""

    def __init__(self, own: Names, others: Names) -> None:
        self._own = own
        self._others = others

    def names_others(self, record: Record, but_in: frozenset[str] = frozenset()) -> bool:
        """Whether the record's key or value does, in other fields than `but_in`."""
        key = (record.key or b"").decode(errors="replace")
        return self.in_text(key) or self.in_json(record.value or b"", but_in)

    def in_json(self, value: bytes, but_in: frozenset[str] = frozenset()) -> bool:
        """Whether JSON, or what should have been, names others in other fields than `but_in`."""
        try:
            said = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self.in_text(value.decode(errors="replace"))
        return any(
            field not in but_in and self._tells(field, text) for field, text in _strings("", said)
        )

    def in_text(self, text: str) -> bool:
        """Whether plain text names others, beyond what lies within names of the partner's own."""
        folded = text.casefold()
        hits = list(self._others.found(folded))
        if not hits:
            return False
        own = list(self._own.found(folded))
        return any(not any(a <= start and end <= b for a, b in own) for start, end in hits)

    def _tells(self, field: str, text: str) -> bool:
        if text in SCHEMA or PLACE.fullmatch(text) or HASH.fullmatch(text) or is_currency(text):
            return False
        if field in WHOSE and text in self._others and text not in self._own:
            return True
        return self.in_text(text)


def runs_of(record: Record) -> set[str]:
    """All runs of letters and digits in a record, case-folded: what names in it are made of."""
    value = (record.value or b"").decode(errors="replace")
    return set(RUN.findall(value.casefold())) | set(
        RUN.findall((record.key or b"").decode(errors="replace").casefold())
    )


def _strings(field: str, said: Any) -> Iterator[tuple[str, str]]:
    """(the field it stands in, the text) of every string, keys of objects included."""
    if isinstance(said, str):
        yield field, said
    elif isinstance(said, dict):
        for name, value in said.items():
            yield "", name
            yield from _strings(name, value)
    elif isinstance(said, list):
        for value in said:
            yield from _strings(field, value)


def _apart(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit continues the name on either side."""
    before = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
    after = end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum())
    return before and after


def _schema_words() -> frozenset[str]:
    """The words of the format itself: field names, tags, and values out of fixed lists."""
    found: set[str] = {*FACTS, *DecisionRecord.__struct_fields__, "type", "decisions.v1"}
    found.update(StoredDecision.__struct_fields__)
    shapes = [shape for family in FAMILIES.values() for shape in family]
    shapes.remove(DecisionRecord)  # its state is any JSON, which no schema can say
    _, components = msgspec.json.schema_components([Origin, *shapes, *FACTS.values()])
    todo: list[Any] = list(components.values())
    while todo:
        schema = todo.pop()
        if isinstance(schema, dict):
            found.update(schema.get("properties", {}))
            found.update(word for word in schema.get("enum", ()) if isinstance(word, str))
            todo.extend(schema.values())
        elif isinstance(schema, list):
            todo.extend(schema)
    return frozenset(found)


SCHEMA = _schema_words()
