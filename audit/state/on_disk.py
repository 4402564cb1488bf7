"""The state directories of a ledger's workers, as they stand on disk; opened to be read only.

    HOME/state/WORKER/PROCESSOR/TOPIC-PARTITION[.LAYOUT]

A key is a customer (attribution), `a/` and a partner or `i/`, a partner and an item (posting).
Values are MessagePack, or JSON where a number is beyond 64 bits. One key more says how far the
log had been read when the values were written, all in one batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rocksdict import AccessType, Options, Rdict

from events.topics import ATTRIBUTIONS, CONVERSIONS, DECISIONS, INSTRUCTIONS, JOURNAL

PROGRESS_KEY = b"!progress"
NAME = re.compile(r"(?P<topic>[a-z-]+)-(?P<partition>\d+)(\.\d+)?")
OUTPUT = {
    ("attribution", CONVERSIONS): ATTRIBUTIONS,
    ("posting", INSTRUCTIONS): JOURNAL,
    ("relay", ATTRIBUTIONS): INSTRUCTIONS,
    ("relay", DECISIONS): INSTRUCTIONS,
}
"""(processor, topic it reads) → topic it writes."""


class UnreadableState(Exception):
    """RocksDB cannot be opened or read; says which directory, and what RocksDB says."""


class Reached(Struct):
    """How far a state says it has come; offsets are those of the next record."""

    log: str = ""
    """Identity of the cluster and of both topics."""
    next_input: int = 0
    next_output: int = 0
    answered: int = 0
    """The input after the one that the last output answers."""
    n: int = 0
    """Number of the next output."""
    at: int = 0
    """Time of the last output, ms."""
    accepted: dict[str, int] = {}
    """Source partition → last number accepted."""
    numbering: dict[int, int] = {}
    """Relay: target partition → number of its next instruction."""


class StateDirectory(Struct, frozen=True):
    """One partition's state of one processor of one worker."""

    path: Path
    worker: str
    processor: str
    topic: str
    partition: int

    @property
    def output(self) -> str:
        """The topic that its processor writes."""
        return OUTPUT[self.processor, self.topic]

    def __str__(self) -> str:
        return f"{self.worker}/{self.processor}/{self.path.name}"


def state_directories(state: Path) -> list[StateDirectory]:
    """All below `state`, by worker, processor and partition."""
    found = []
    for path in sorted(state.glob("*/*/*")):
        worker, processor = path.parts[-3:-1]
        name = NAME.fullmatch(path.name)
        if name and path.is_dir() and (processor, name["topic"]) in OUTPUT:
            topic, partition = name["topic"], int(name["partition"])
            found.append(StateDirectory(path, worker, processor, topic, partition))
    return found


class StateOnDisk:
    """What one directory holds. Raises UnreadableState, also while it is read."""

    def __init__(self, directory: StateDirectory) -> None:
        self.directory = directory
        try:
            self._db = Rdict(
                str(directory.path), Options(raw_mode=True), access_type=AccessType.read_only()
            )
            found = self._db.get(PROGRESS_KEY)
            self.reached = msgspec.json.decode(found or b"{}", type=Reached)
        except Exception as problem:  # RocksDB's errors are bare exceptions
            raise UnreadableState(f"{directory.path}: {_one_line(problem)}") from problem

    def values(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key but the one of how far it has come, and its value."""
        try:
            for key, value in self._db.items():
                assert isinstance(key, bytes), "opened for raw bytes"
                if key != PROGRESS_KEY:
                    yield key, value
        except Exception as problem:
            raise UnreadableState(f"{self.directory.path}: {_one_line(problem)}") from problem

    def close(self) -> None:
        self._db.close()


def decoded(value: bytes, shape: Any) -> Any:
    """A value as it was kept. Raises msgspec.DecodeError (or ValidationError, which is one)."""
    if value[:1] == b"[":  # states are arrays, and no array of MessagePack begins so
        return msgspec.json.decode(value, type=shape)
    return msgspec.msgpack.decode(value, type=shape)


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())
