"""A bundle in the hands of somebody who wants it to say something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from audit.bundle.archive import digest
from audit.bundle.format import MANIFEST, RECORDS

Line = dict[str, Any]


class Forged:
    """The members of a bundle, to be changed; `corrected` gives them with hashes that fit."""

    def __init__(self, members: dict[str, bytes]) -> None:
        self.members = dict(members)

    def lines(self, name: str) -> list[Line]:
        """The lines of a member, or of a topic's records."""
        member = self.members[RECORDS.get(name, name)]
        return [msgspec.json.decode(line) for line in member.splitlines()]

    def put(self, name: str, lines: list[Line]) -> None:
        member = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        self.members[RECORDS.get(name, name)] = member

    def each(self, name: str, change: Callable[[list[Line]], object]) -> None:
        """Change the lines of a member in place."""
        lines = self.lines(name)
        change(lines)
        self.put(name, lines)

    def edit(self, topic: str, contains: str, **changes: Any) -> str:
        """Change fields of the first shown record whose value holds `contains`; its position."""
        lines = self.lines(topic)
        line = next(line for line in lines if contains in line.get("value", ""))
        value = msgspec.json.decode(line["value"])
        line["value"] = msgspec.json.encode(value | changes).decode()
        self.put(topic, lines)
        return position(line)

    def replace(self, topic: str, old: str, new: str) -> None:
        """Other text in the values of a topic's records, wherever `old` stands."""
        lines = self.lines(topic)
        assert any(old in line.get("value", "") for line in lines)
        for line in lines:
            if "value" in line:
                line["value"] = line["value"].replace(old, new)
        self.put(topic, lines)

    def remove(self, topic: str, contains: str) -> str:
        """Leave out the last record whose value holds `contains`; its position."""
        lines = self.lines(topic)
        place = max(n for n, line in enumerate(lines) if contains in line.get("value", ""))
        gone = lines.pop(place)
        self.put(topic, lines)
        return position(gone)

    def manifest(self, **changes: Any) -> None:
        said = msgspec.json.decode(self.members[MANIFEST])
        self.members[MANIFEST] = msgspec.json.encode(said | changes)

    def corrected(self) -> dict[str, bytes]:
        """The members, and a manifest that fits them."""
        members = {name: member for name, member in self.members.items() if name != MANIFEST}
        self.manifest(
            sha256={name: digest(member) for name, member in members.items()},
            counts={
                name: member.count(b"\n")
                for name, member in members.items()
                if name.endswith(".jsonl")
            },
        )
        return self.members


def position(line: Line) -> str:
    return f"{line['topic']}/{line['partition']}/{line['offset']}"


def value_of(line: Line) -> Any:
    """What a record says."""
    return msgspec.json.decode(line["value"])


def set_value(line: Line, value: Any) -> None:
    line["value"] = msgspec.json.encode(value).decode()
