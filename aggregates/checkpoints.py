"""The ledger's checkpoints: one series, each naming the hash of the one before, never smaller.

    signed ── signed ── …

They are one aggregate, so that two schedulers that sign at once meet in one version of it: one
checkpoint stands, the other scheduler looks again and finds nothing to sign. A checkpoint is
never changed.

Here stands only what was signed. That the log still says it, `audit.checkpoints` proves.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from eventsourcing.domain import event

from aggregates.decision import DecisionSeries
from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.signing_keys import KEY_ID
from events.decisions import CheckpointSigned, Tree

ROOT_BYTES = 32
TREE = re.compile(r"[a-z-]+/(0|[1-9][0-9]*)", re.ASCII)


class Checkpoints(DecisionSeries):
    """All checkpoints of the ledger, in order. Only the newest is held."""

    TOPIC = "checkpoints"

    @staticmethod
    def create_id() -> str:
        return "checkpoints"

    def __init__(self) -> None:
        self.newest: CheckpointSigned | None = None

    def sign(self, wanted: CheckpointSigned) -> None:
        """Add a checkpoint. Nothing to do where it is the newest already; AlreadyExists where
        its number is another one's; Conflict where it does not follow the newest."""
        _check(wanted)
        newest = self.newest
        if newest is not None:
            if newest.note == wanted.note:
                return
            if wanted.checkpoint <= newest.checkpoint:
                raise AlreadyExists(
                    f"checkpoint {newest.checkpoint} was signed; number {wanted.checkpoint} stands "
                    "with other content"
                )
        number = newest.checkpoint + 1 if newest else 1
        if wanted.checkpoint != number:
            raise Conflict(f"the next checkpoint is number {number}, not {wanted.checkpoint}")
        previous = sha256(newest.note.encode()).hexdigest() if newest else ""
        if wanted.previous != previous:
            raise Conflict(
                f"checkpoint {number} names {wanted.previous or 'none'} for the one before; the "
                f"SHA-256 of that one's note is {previous or 'none'}"
            )
        if newest is not None:
            _check_grown(newest, wanted)
        self._sign(
            checkpoint=wanted.checkpoint,
            ledger=wanted.ledger,
            trees=msgspec.to_builtins(wanted.trees),
            previous=wanted.previous,
            key=wanted.key,
            note=wanted.note,
            by=wanted.by,
        )

    @event("Signed", topic="checkpoint.signed")
    def _sign(
        self,
        checkpoint: int,
        ledger: str,
        trees: dict[str, dict[str, Any]],
        previous: str,
        key: str,
        note: str,
        by: str,
    ) -> None:
        held = msgspec.convert(trees, dict[str, Tree])
        self.newest = CheckpointSigned(checkpoint, ledger, held, previous, key, note, by)


def shrunk(before: Mapping[str, Tree], after: Mapping[str, Tree]) -> str:
    """Which tree of `after` cannot be the same log's later than `before`, in words; or empty."""
    for name, tree in before.items():
        found = after.get(name)
        if found is None:
            return f"{name} had {tree.size} leaves and is not among its trees"
        if found.size < tree.size:
            return f"{name} had {tree.size} leaves and has {found.size}"
        if found.size == tree.size and found.root != tree.root:
            return f"{name} has {tree.size} leaves as before, and another root"
    return ""


def _check_grown(newest: CheckpointSigned, wanted: CheckpointSigned) -> None:
    if wanted.ledger != newest.ledger:
        raise Conflict(
            f"the checkpoints are of ledger {newest.ledger}; this one is of {wanted.ledger}"
        )
    if problem := shrunk(newest.trees, wanted.trees):
        raise Conflict(
            f"since checkpoint {newest.checkpoint}, {problem}: the log is not the one that was "
            "signed; `pledger replay --verify` says what differs"
        )


def _check(wanted: CheckpointSigned) -> None:
    """Raises Invalid for a value no checkpoint can have."""
    if not wanted.ledger or not wanted.note:
        raise Invalid("note", wanted.note, "a ledger's id and a signed note")
    if not KEY_ID.fullmatch(wanted.key):
        raise Invalid("key", wanted.key, "8 hexadecimal digits")
    if not wanted.trees:
        raise Invalid("trees", wanted.trees, "a tree for each partition")
    for name, tree in wanted.trees.items():
        if not TREE.fullmatch(name):
            raise Invalid("trees", name, "topic/partition")
        if type(tree.size) is not int or tree.size < 0:
            raise Invalid(f"trees.{name}.size", tree.size, "a number of leaves")
        if not _is_root(tree.root):
            raise Invalid(f"trees.{name}.root", tree.root, f"{ROOT_BYTES} bytes in base64")


def _is_root(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == ROOT_BYTES
    except (binascii.Error, ValueError):
        return False
