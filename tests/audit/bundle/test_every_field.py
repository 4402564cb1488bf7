"""Every field of every member, altered with hashes that fit: found, or known to prove nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec
import pytest

from audit.bundle.archive import BadBundle
from audit.bundle.format import PROOFS, RECORDS, RESTS, Scope
from audit.bundle.verify import verify_members
from audit.difference import AuditFailed
from tests.audit.bundle.forging import Forged, Line, position
from tests.audit.bundle.reading import exported, members_in
from tests.audit.memory import MemoryLedger
from tests.audit.rewards_scene import rewarded
from tests.audit.scene import paid
from tests.audit.signing_scene import Signing

UNPROVED = {
    "records/journal.jsonl recorded_at",  # an entry's own time is in its value
    "records/attributions.jsonl recorded_at",  # the conversion's is in its value
    "records/clicks.jsonl recorded_at",
    "records/clicks.jsonl offset",  # a click is cited by its id
    "records/clicks.jsonl value.program",  # which its link says
    "records/instructions.jsonl value.n",  # the numbers between may be those of others
    "rests.jsonl why",
    *(f"{member} sha256" for member in RECORDS.values()),  # of what is withheld: the leaf counts
    *(f"records/journal.jsonl effect.{name}" for name in ("at", "program", "engine")),
}
"""What nothing rests on that is shown, or that only says what is withheld."""

Path = tuple[str | int, ...]


@cache
def signed(scope: Scope) -> dict[str, bytes]:
    """A bundle all of whose records a checkpoint covers."""
    signing = Signing((paid if scope == "auditor" else rewarded)(MemoryLedger()))
    signing.sign()
    return members_in(exported(signing.ledger, scope)[0])


def paths(said: Any, at: Path = ()) -> Iterator[Path]:
    """The way to each leaf of JSON."""
    if isinstance(said, dict):
        for name, value in said.items():
            yield from paths(value, (*at, name))
    elif isinstance(said, list):
        for place, value in enumerate(said):
            yield from paths(value, (*at, place))
    else:
        yield at


def altered(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "x"
    return value[:-1] + ("0" if value[-1] != "0" else "1") if value else "x"


def change(said: Any, path: Path) -> None:
    *way, last = path
    for step in way:
        said = said[step]
    said[last] = altered(said[last])


def fields(line: Line) -> Iterator[tuple[str, Path, bool]]:
    """(name, way to it, whether it is within the record's value) of each field of a line."""
    for path in paths({name: value for name, value in line.items() if name != "value"}):
        yield _name(path), path, False
    if "value" in line:
        for path in paths(msgspec.json.decode(line["value"])):
            yield f"value.{_name(path)}", path, True


def _name(path: Path) -> str:
    return ".".join(str(step) for step in path if isinstance(step, str))


def cases(scope: Scope) -> Iterator[tuple[str, int, str, Path, bool]]:
    """Each kind of field of each kind of record, once: where it stands first."""
    forged = Forged(signed(scope))
    for name in (*RECORDS.values(), PROOFS, RESTS):
        seen: set[tuple[str, str]] = set()
        for number, line in enumerate(forged.lines(name)):
            value = msgspec.json.decode(line["value"]) if "value" in line else {}
            kind = value.get("kind", value.get("type", line.get("type", "")))
            for field, path, within in fields(line):
                if (kind, field) not in seen:
                    seen.add((kind, field))
                    yield name, number, field, path, within


def is_found(forged: Forged) -> bool:
    try:
        verify_members(forged.corrected())
    except (AuditFailed, BadBundle):
        return True
    return False


ODD = (None, -1, 2**70, "", [], {}, "x/y/z", 1.5, True, "é" * 10, 2**53, -(2**62))


@pytest.mark.parametrize("scope", ["auditor", "partner"])
def test_an_odd_value_is_refused_in_words(scope: Scope) -> None:
    """Whatever stands in a field, nothing but a difference or an error in words comes of it."""
    for turn, (name, number, _, path, within) in enumerate(cases(scope)):
        forged = Forged(signed(scope))
        lines = forged.lines(name)
        said = msgspec.json.decode(lines[number]["value"]) if within else lines[number]
        *way, last = path
        place = said
        for step in way:
            place = place[step]
        place[last] = ODD[turn % len(ODD)]
        if within:
            lines[number]["value"] = msgspec.json.encode(said).decode()
        forged.put(name, lines)
        with suppress(AuditFailed, BadBundle):
            verify_members(forged.corrected())


@pytest.mark.parametrize("scope", ["auditor", "partner"])
def test_an_altered_field_is_found(scope: Scope) -> None:
    passed: list[str] = []
    tried = 0
    resting = {rest.position for rest in verify_members(signed(scope)).rests}
    for name, number, field, path, within in cases(scope):
        forged = Forged(signed(scope))
        lines = forged.lines(name)
        if within and position(lines[number]) in resting:
            continue
        if within:
            value = msgspec.json.decode(lines[number]["value"])
            change(value, path)
            lines[number]["value"] = msgspec.json.encode(value).decode()
        else:
            change(lines[number], path)
        forged.put(name, lines)
        tried += 1
        if not is_found(forged):
            passed.append(f"{name} {field} ({number})")
    assert tried > 300
    unexpected = [one for one in passed if one.rpartition(" (")[0] not in UNPROVED]
    assert not unexpected, "\n".join(unexpected)
