"""The JSON Schema files stand for what the code reads and writes."""

from __future__ import annotations

import json

import pytest

from events.codec import FAMILIES
from events.decisions import FACTS
from events.schema_files import SCHEMAS, schema, schema_bytes


@pytest.mark.parametrize("topic", FAMILIES)
def test_the_schema_files_are_current(topic: str) -> None:
    written = (SCHEMAS / f"{topic}.json").read_bytes()
    assert written == schema_bytes(topic), "run: python -m events.schema_files"


def test_there_is_no_file_without_a_topic() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(FAMILIES)


@pytest.mark.parametrize("topic", FAMILIES)
def test_a_schema_describes_each_type_and_refers_to_what_is_there(topic: str) -> None:
    found = json.loads(schema_bytes(topic))
    tags = {
        found["$defs"][one["$ref"].rpartition("/")[2]]["properties"]["type"]["enum"][0]
        for one in found["oneOf"]
    }
    assert tags == {shape.__struct_config__.tag for shape in FAMILIES[topic]}
    text = json.dumps(found)
    for reference in text.split('"#/$defs/')[1:]:
        assert reference.split('"')[0] in found["$defs"]


def test_decisions_describe_the_state_of_every_fact() -> None:
    assert set(schema("decisions")["facts"]) == set(FACTS)
