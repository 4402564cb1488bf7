"""The log of every released version stays readable for ever.

`tests/frozen/v1` holds one record of each type (and of each decision) as version 1 wrote it,
with every field set; `v2` those that version 2 added, or added fields to. These files are
never edited; a new version adds a directory. If a test here fails, an event schema was changed
without an upcast in `events.codec`, or without a sample of what is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from events import topics
from events.codec import FAMILIES, decode, decode_record, encode
from events.decisions import FACTS, Decision, DecisionFact
from events.first_wins import DecisionLog
from events.position import Record

FROZEN = Path(__file__).parent.parent / "frozen"
FILES = sorted(FROZEN.glob("*/*.jsonl"))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_there_is_a_frozen_record_of_every_type() -> None:
    found = {msgspec.json.decode(line)["type"] for path in FILES for line in lines(path)}
    current = {shape.__struct_config__.tag for shapes in FAMILIES.values() for shape in shapes}
    assert current <= found


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_frozen_records_are_readable(path: Path) -> None:
    for number, line in enumerate(lines(path)):
        found = decode_record(Record(path.stem, 0, number, 0, None, line))
        assert isinstance(found, FAMILIES[path.stem])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_nothing_of_a_record_of_the_current_version_is_lost(path: Path) -> None:
    current = {shape.__struct_config__.tag for shape in FAMILIES[path.stem]}
    for line in lines(path):
        if msgspec.json.decode(line)["type"] in current:
            assert encode(decode(path.stem, line)) == line


def decided() -> Iterator[tuple[Decision, DecisionFact | None]]:
    """The frozen decisions of every version, each version a log of its own."""
    for path in sorted(FROZEN.glob("*/decisions.jsonl")):
        log = DecisionLog()
        for number, line in enumerate(lines(path)):
            found = log.accept(Record(topics.DECISIONS, 0, number, 0, None, line))
            assert found, f"{path}: line {number + 1} is refused"
            yield from ((decision, decision.fact()) for decision in found)


def test_every_frozen_decision_is_still_its_fact() -> None:
    seen = set()
    for decision, fact in decided():
        if fact is None:
            assert decision.name == "dog.trick_added", "a foreign aggregate's"
            assert decision.state == b"\x80\x01pickle"
            continue
        seen.add(decision.name)
        said = msgspec.json.decode(decision.state)
        kept = msgspec.to_builtins(fact)
        missing = {name for name in said if name not in kept} - {"timestamp"}
        assert not missing, f"{decision.name}: {missing}"
    assert seen == set(FACTS)


def fields_set(found: object) -> Iterator[tuple[type[msgspec.Struct], str]]:
    """(struct, field) of all that says something else than its default, at any depth."""
    if isinstance(found, msgspec.Struct):
        for field in msgspec.structs.fields(found):
            value = getattr(found, field.name)
            if value != field.default and value not in ((), {}):
                yield type(found), field.name
                yield from fields_set(value)
    elif isinstance(found, tuple | list):
        for value in found:
            yield from fields_set(value)
    elif isinstance(found, dict):
        yield from fields_set(list(found.values()))


def test_there_is_a_frozen_value_of_every_field() -> None:
    records = [decode(path.stem, line) for path in FILES for line in lines(path)]
    seen = set(fields_set(records)) | set(fields_set([fact for _, fact in decided()]))
    shapes = {shape for shape, _ in seen}
    missing = {
        f"{shape.__name__}.{field}"
        for shape in shapes
        for field in shape.__struct_fields__
        if (shape, field) not in seen
    }
    assert not missing, "add a record with them to the newest directory of tests/frozen"
