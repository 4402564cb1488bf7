"""Finished partitions of a replay, kept so that an interrupted one can go on.

    HOME/replay/<scope>/plan           how far the replay reads, and what its parts rest on
    HOME/replay/<scope>/attributions-3 what round one learned of partition 3
    HOME/replay/<scope>/journal-0      what round two learned of partition 0

A part says that records were read, decided again and found right. That rests on
  - the log: the cluster's id and the ids Kafka gave the topics, the number of partitions, every
    decision below the plan's end (they are read again and their digest compared), and for each
    partition the newest record below the end (read again and compared);
  - the code that decided: a digest of its sources;
  - the click keys, and the scope;
  - of round two: all that round one found (a digest of it).
Where any of these is another, nothing kept is used. A part that met a difference is never kept:
it is looked at again.

What it cannot see: a record *within* a kept partition that somebody altered after it was read.
Neither can a replay that is still running. Nor is a part proof against who may write to the
home: it is this machine's note to itself. `--fresh` uses none, and a replay that ended, whatever
it found, leaves none.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from audit.log import Log
from audit.prove_attributions import ProvedAttributions
from audit.prove_journal import ProvedJournal
from audit.relayed import Due
from audit.replay import Rounds
from audit.replay_plan import ReplayPlan, plan_replay, planned_decisions, record_digest
from audit.scope import Scope
from events import topics
from events.click_token import ClickKeys

PLAN = "plan"
ROUNDS = ("attributions", "journal")

PART_MODE = 0o700
"""Of the directory: parts cite customers' clicks."""

Kept = TypeVar("Kept")


class Rests(Struct, frozen=True):
    """What every part of a replay rests on."""

    log: str
    """Cluster and topics, as `events.log.identity` names them."""
    code: str
    keys: str
    """SHA-256 (hex) of the click keys; empty where there are none."""
    partitions: dict[str, int]


class Begun(Struct, frozen=True):
    """A replay that was begun: the file `plan`."""

    plan: ReplayPlan
    rests: Rests
    decisions: str
    """SHA-256 (hex) of the decisions' records."""
    newest: dict[str, str]
    """`topic/partition` → SHA-256 (hex) of the newest record below the plan's end."""
    began: int
    """Milliseconds since 1970 UTC."""


class KeptParts:
    """The parts of one replay, in a directory. Files that cannot be read count as not there."""

    def __init__(self, directory: Path, begun: Begun, *, resumed: bool) -> None:
        self._directory = directory
        self.plan = begun.plan
        self.began = begun.began
        """Milliseconds since 1970 UTC."""
        self.resumed = resumed
        """Whether the replay was begun before, and interrupted."""

    def count(self) -> int:
        """How many parts are kept."""
        return sum(len(self.partitions(round_)) for round_ in ROUNDS)

    def partitions(self, round_: str) -> set[int]:
        """The partitions kept of round `attributions` or `journal`, by their names alone."""
        names = (path.name.split("-") for path in self._directory.iterdir())
        return {int(name[1]) for name in names if name[0] == round_}

    def attributions(self, partition: int) -> ProvedAttributions | None:
        """What round one learned of a partition, if that is kept."""
        return self._read(f"attributions-{partition}", ProvedAttributions)

    def journal(self, partition: int, due: Due) -> ProvedJournal | None:
        """What round two learned of a partition when it was told the same of round one."""
        return self._read(f"journal-{partition}-{_digest_of(due)}", ProvedJournal)

    def keep_attributions(self, proof: ProvedAttributions) -> None:
        """Keep a part of round one, unless it met a difference."""
        if not proof.read.differences:
            self._write(f"attributions-{proof.partition}", proof)

    def keep_journal(self, proof: ProvedJournal, due: Due) -> None:
        """Keep a part of round two, unless it met a difference."""
        if not proof.read.differences:
            self._write(f"journal-{proof.partition}-{_digest_of(due)}", proof)

    def drop(self) -> None:
        """Nothing is kept any more."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _write(self, name: str, what: object) -> None:
        _write(self._directory / name, what)

    def _read(self, name: str, kind: type[Kept]) -> Kept | None:
        return _read(self._directory / name, kind)


def keeping(rounds: Rounds, kept: KeptParts) -> Rounds:
    """The rounds, without the partitions that are kept; what they find is kept in turn."""

    def attributions(ends: dict[int, int]) -> Iterator[ProvedAttributions]:
        had = {partition: proof for partition in ends if (proof := kept.attributions(partition))}
        yield from had.values()
        left = {partition: end for partition, end in ends.items() if partition not in had}
        for proof in rounds.attributions(left):
            kept.keep_attributions(proof)
            yield proof

    def journal(due: Due, partitions: list[int]) -> Iterator[ProvedJournal]:
        had = {one: proof for one in partitions if (proof := kept.journal(one, due))}
        yield from had.values()
        for proof in rounds.journal(due, [one for one in partitions if one not in had]):
            kept.keep_journal(proof, due)
            yield proof

    return Rounds(attributions, journal)


def keys_digest(keys: ClickKeys | None) -> str:
    """SHA-256 (hex) of the keys that check clicks' signatures; empty for none."""
    if keys is None:
        return ""
    digest = hashlib.sha256()
    for number, secret in sorted(keys.secrets.items()):
        digest.update(bytes([number]) + len(secret).to_bytes(4, "big") + secret)
    return digest.hexdigest()


def open_parts(
    home: Path, log: Log, rests: Rests, scope: Scope, *, fresh: bool, now: int
) -> KeptParts:
    """Those of an interrupted replay of `scope`, if all that they rest on is as it was and not
    `fresh`; else a new plan, with nothing kept. `now`: ms since 1970 UTC."""
    directory = home / "replay" / _name_of(scope)
    begun = None if fresh else _read(directory / PLAN, Begun)
    if begun is not None and _still_holds(begun, log, rests, scope):
        return KeptParts(directory, begun, resumed=True)
    plan = plan_replay(log, scope)
    _, decisions = planned_decisions(log, plan)
    begun = Begun(plan, rests, decisions, newest_records(log, plan), now)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=PART_MODE)
    _write(directory / PLAN, begun)
    return KeptParts(directory, begun, resumed=False)


def _still_holds(begun: Begun, log: Log, rests: Rests, scope: Scope) -> bool:
    plan = begun.plan
    return (
        begun.rests == rests
        and plan.scope == scope
        and newest_records(log, plan) == begun.newest
        and planned_decisions(log, plan)[1] == begun.decisions
    )


def _name_of(scope: Scope) -> str:
    """A directory's name: ids are no paths."""
    if scope.whole:
        return "all"
    named = f"partner {scope.partner} program {scope.program}"
    return hashlib.sha256(named.encode()).hexdigest()[:24]


def _write(path: Path, what: object) -> None:
    """Whole or not at all: a file is there under its name once all of it is on disk."""
    content = msgspec.msgpack.encode(what)
    draft = path.parent / f".{path.name}.draft"
    with draft.open("wb") as file:
        file.write(hashlib.sha256(content).digest() + content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path, kind: type[Kept]) -> Kept | None:
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:32], stored[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except msgspec.MsgspecError:
        return None


def newest_records(log: Log, plan: ReplayPlan) -> dict[str, str]:
    """`topic/partition` → SHA-256 (hex) of the newest record below the plan's ends; a partition
    that no longer reaches there has none."""
    found: dict[str, str] = {}
    for topic, ends in (
        (topics.CONVERSIONS, plan.conversion_ends),
        (topics.INSTRUCTIONS, plan.instruction_ends),
    ):
        now = log.ends(topic)
        for partition, end in ends.items():
            if end and now.get(partition, 0) >= end:
                for record in log.read(topic, partition, end - 1, end):
                    found[f"{topic}/{partition}"] = record_digest(record).hex()
    return found


def _digest_of(due: Due) -> str:
    content = msgspec.msgpack.encode(
        (
            sorted(due.routed.items()),
            sorted(due.read_to.items()),
            sorted(due.ends.items()),
        )
    )
    return hashlib.sha256(content).hexdigest()[:32]
