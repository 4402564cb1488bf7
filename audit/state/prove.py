"""The workers' state held against the log: every key that differs is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from audit.difference import Difference, DifferenceKind
from audit.log import Log
from audit.read import Progress
from audit.state.follows import Followed, follow, shape_of
from audit.state.on_disk import (
    Reached,
    StateDirectory,
    StateOnDisk,
    UnreadableState,
    decoded,
    state_directories,
)


class StateReport(Struct):
    """What the state directories below a home were found to hold."""

    verified: bool
    directories: int
    keys: int
    differences: list[Difference]
    """Position: `WORKER/PROCESSOR/TOPIC-PARTITION`, and the key."""


def prove_state(
    log: Log, identities: dict[tuple[str, str], str], state: Path, progress: Progress
) -> StateReport:
    """Compare all state below `state` with what the log gives.

    `identities`: (topic read, topic written) → `events.log.identity.log_identity` of both. A
    worker may run: what is read is as of one moment of its own.
    """
    differences: list[Difference] = []
    directories = state_directories(state)
    keys = 0
    for directory in directories:
        try:
            held = StateOnDisk(directory)
        except UnreadableState as problem:
            differences.append(Difference("altered", str(directory), f"cannot be read: {problem}"))
            continue
        try:
            whose = identities[directory.topic, directory.output]
            if difference := _another_log(log, held, whose):
                differences.append(difference)
                continue
            followed = follow(log, directory, held.reached, progress)
            differences += _reached(directory, held.reached, followed)
            keys += len(followed.values)
            differences += _values(held, followed)
        finally:
            held.close()
    return StateReport(not differences, len(directories), keys, differences)


def _another_log(log: Log, held: StateOnDisk, identity: str) -> Difference | None:
    """Where the state is of another log, or of one that was longer."""
    directory, reached = held.directory, held.reached
    if reached.log != identity:
        detail = "is the state of another log"
        return Difference("wrong_ledger", str(directory), detail, identity, reached.log)
    read = ((directory.topic, reached.next_input), (directory.output, reached.next_output))
    for topic, offset in read:
        end = log.ends(topic).get(directory.partition, offset)
        if offset > end:
            return Difference(
                "truncated",
                f"{topic}/{directory.partition}/{end}",
                f"{directory} has seen it up to offset {offset}; the log ends before",
                str(offset),
                str(end),
            )
    return None


def _reached(
    directory: StateDirectory, reached: Reached, followed: Followed
) -> Iterator[Difference]:
    """How far it says it has come, against what was accepted until there."""
    wrong = [name for name, want in followed.reached.items() if getattr(reached, name) != want]
    if wrong:
        yield Difference(
            "altered",
            f"{directory} !progress",
            f"says other than the log up to output {reached.next_output}; field {', '.join(wrong)}",
            _text({name: followed.reached[name] for name in wrong}),
            _text({name: getattr(reached, name) for name in wrong}),
        )


def _values(held: StateOnDisk, followed: Followed) -> Iterator[Difference]:
    directory = held.directory
    waiting = dict(followed.values)

    def difference(
        kind: DifferenceKind, key: bytes, detail: str, want: str, got: str
    ) -> Difference:
        return Difference(kind, f"{directory} {_name(key)}", detail, want, got)

    try:
        for key, value in held.values():
            want = waiting.pop(key, None)
            if want is None:
                detail = f"nothing in the log up to output {held.reached.next_output} gives it"
                yield difference("foreign", key, detail, "", _name(value))
                continue
            try:
                got = decoded(value, shape_of(directory.processor, key))
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                detail = f"cannot be read: {problem}"
                yield difference("altered", key, detail, _text(want), _name(value))
                continue
            if got != want:
                detail = f"says other than the log; {_fields(want, got)}"
                yield difference("altered", key, detail, _text(want), _text(got))
    except UnreadableState as problem:
        yield Difference("altered", str(directory), f"cannot be read: {problem}")
        return
    for key, want in waiting.items():
        yield difference("missing", key, "the log gives it; it is not on disk", _text(want), "")


def _fields(want: Struct, got: Struct) -> str:
    if type(want) is not type(got):
        return f"it is a {type(got).__name__}, expected {type(want).__name__}"
    names = [name for name in want.__struct_fields__ if getattr(want, name) != getattr(got, name)]
    return "field " + ", ".join(names)


def _text(value: object) -> str:
    """Values with the names of their fields."""
    return repr(value)


def _name(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")
