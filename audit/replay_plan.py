"""What a replay is about to decide again: how far each partition is read, and in which log.

The ends are fixed before the first record is judged. A replay that was interrupted goes on
with the plan it began with, so that its report is that of one run; what came in since is left
for the next replay.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec import Struct

from audit.decided import Decided
from audit.log import Log
from audit.scope import WHOLE, Scope
from events import topics
from events.position import Record

CODE = ("events", "projections", "audit")
"""The packages whose code decides: another version of them may decide otherwise."""


class ReplayPlan(Struct, frozen=True):
    """How far a replay reads. All ends are the next offset to be written."""

    scope: Scope
    instruction_ends: dict[int, int]
    """Taken first: what stands below them is made from what stands below the other ends."""
    conversion_ends: dict[int, int]
    decisions_end: int


def plan_replay(log: Log, scope: Scope = WHOLE) -> ReplayPlan:
    """A plan for the log as it stands now.

    Downstream first, so that what is read upstream gives all of it; conversions before
    decisions, so that every conversion's `known` is among them.
    """
    instructions = log.ends(topics.INSTRUCTIONS)
    conversions = log.ends(topics.CONVERSIONS)
    return ReplayPlan(scope, instructions, conversions, log.ends(topics.DECISIONS)[0])


def planned_records(log: Log, plan: ReplayPlan, *, first: set[int], second: set[int]) -> int:
    """How many records the two rounds read, as far as can be told beforehand: partitions `first`
    of the first round, partitions `second` of the second."""
    attributions = log.ends(topics.ATTRIBUTIONS)
    journal = log.ends(topics.JOURNAL)
    # For one partner the customers are looked for first, and decided again then.
    times = 2 if plan.scope.partner else 1
    upstream = sum(times * (plan.conversion_ends[p] + attributions[p]) for p in first)
    return upstream + sum(plan.instruction_ends[p] + journal[p] for p in second)


def planned_decisions(log: Log, plan: ReplayPlan) -> tuple[Decided, str]:
    """The decisions below the plan's end, and the SHA-256 (hex) of their records."""
    decided = Decided(log)
    digest = hashlib.sha256()
    for record in log.read(topics.DECISIONS, 0, 0, plan.decisions_end):
        decided.take(record)
        digest.update(record_digest(record))
    return decided, digest.hexdigest()


def record_digest(record: Record) -> bytes:
    """SHA-256 over all of a record: its place, its time, its key and its value."""
    hashed = hashlib.sha256()
    for part in (
        str(record.position).encode(),
        str(record.recorded_at).encode(),
        b"-" if record.key is None else b"+" + record.key,
        b"-" if record.value is None else b"+" + record.value,
    ):
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.digest()


def code_version() -> str:
    """SHA-256 (hex) over the sources of `CODE`, by path."""
    digest = hashlib.sha256()
    for package in CODE:
        for path, source in sorted(_sources(files(package), package)):
            digest.update(f"{path} {len(source)}\n".encode())
            digest.update(source)
    return digest.hexdigest()


def _sources(directory: Traversable, path: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in directory.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            found += _sources(entry, name)
        elif name.endswith(".py"):
            found.append((name, entry.read_bytes()))
    return found
