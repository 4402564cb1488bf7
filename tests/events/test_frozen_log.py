"""The log of every released version stays readable for ever.

`tests/frozen/v1` holds one record of each type (and of each decision) as version 1 wrote
it, with every field set. These files are never edited; a new version adds a directory. If
a test here fails, an event schema was changed without an upcast in `events.codec`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from events import topics
from events.codec import FAMILIES, decode, decode_record, encode
from events.decisions import FACTS
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


def test_every_frozen_decision_is_still_its_fact() -> None:
    log, seen = DecisionLog(), set()
    for number, line in enumerate(lines(FROZEN / "v1" / "decisions.jsonl")):
        for decision in log.accept(Record(topics.DECISIONS, 0, number, 0, None, line)):
            fact = decision.fact()
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
