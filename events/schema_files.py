"""The event schemas as JSON Schema files, for those who read the log in another language.

`python -m events.schema_files` writes `events/schemas/<topic>.json`: what a record of the
topic may be. For `decisions`, `facts` names the shape of each decision's `state`. The
files are reviewed like code: a changed schema shows in the change, and a test holds them
current.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from events import topics
from events.codec import FAMILIES
from events.decisions import FACTS, DecisionRecord, StoredDecision

SCHEMAS = Path(__file__).parent / "schemas"

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _with_json_state() -> type[msgspec.Struct]:
    """DecisionRecord with `state` as any JSON value: raw bytes cannot be described as such."""
    stored = msgspec.defstruct(
        "StoredDecision",
        [
            (field.name, Any, None)
            if field.type is msgspec.Raw
            else (field.name, field.type)
            if field.required
            else (field.name, field.type, field.default)
            for field in msgspec.structs.fields(StoredDecision)
        ],
    )
    config = DecisionRecord.__struct_config__
    events: Any = tuple[stored, ...]  # type: ignore[valid-type]
    return msgspec.defstruct(
        "DecisionRecord", [("events", events)], tag_field=config.tag_field, tag=config.tag
    )


def schema(topic: str) -> dict[str, Any]:
    """JSON Schema of the records of `topic`, current versions only."""
    shapes: list[Any] = [
        _with_json_state() if shape is DecisionRecord else shape for shape in FAMILIES[topic]
    ]
    facts = list(FACTS.values()) if topic == topics.DECISIONS else []
    found, components = msgspec.json.schema_components(
        shapes + facts, ref_template="#/$defs/{name}"
    )
    references = list(found)
    described: dict[str, Any] = {
        "$schema": DIALECT,
        "title": topic,
        "oneOf": references[: len(shapes)],
    }
    if facts:
        described["facts"] = dict(zip(FACTS, references[len(shapes) :], strict=True))
    return {**described, "$defs": dict(sorted(components.items()))}


def schema_bytes(topic: str) -> bytes:
    """The file of `topic`, with a stable order and a line break at its end."""
    return msgspec.json.format(msgspec.json.encode(schema(topic)), indent=1) + b"\n"


def write() -> None:
    """Write every file anew."""
    SCHEMAS.mkdir(exist_ok=True)
    for topic in FAMILIES:
        (SCHEMAS / f"{topic}.json").write_bytes(schema_bytes(topic))


if __name__ == "__main__":
    write()
