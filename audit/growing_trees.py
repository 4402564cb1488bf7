"""Trees that are read on from where they were: what a signer holds between two checkpoints.

A signer would otherwise read the whole log for each checkpoint. What it holds is written to a
file of the home when a checkpoint is signed, so that a restart reads on as well. The file is a
cache and is not trusted: it counts only while each of its trees has the size and the root that
the checkpoint it belongs to signed, which says that its hashes are those of that log. Who
verifies never looks at it: `audit.trees` reads from the first record on. Delete it, and it
comes back from the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from audit.log import Log
from audit.merkle import Frontier, leaf_hash
from audit.read import Progress, counted
from audit.signing import in_base64
from audit.trees import Resume, leaves
from events.decisions import CheckpointSigned, Tree
from events.first_wins import DecisionLog, Dense


class GrowingTree:
    """The tree of a partition of `journal` or `conversions`, as far as it was read."""

    def __init__(
        self,
        name: str,
        frontier: Frontier | None = None,
        next_offset: int = 0,
        dense: Mapping[str, int] | None = None,
    ) -> None:
        self.name = name
        self.frontier = frontier or Frontier()
        self.next_offset = next_offset
        self.dense = Dense(dict(dense or {}))

    def copy(self) -> GrowingTree:
        """One that can be read on without moving this one."""
        frontier = Frontier(self.frontier.size, self.frontier.peaks)
        return GrowingTree(self.name, frontier, self.next_offset, self.dense.last)

    def tree(self) -> Tree:
        """As a checkpoint tells it."""
        return as_tree(self.frontier)

    def read_on(self, log: Log, end: int, size: int, progress: Progress) -> Tree | None:
        """Take the records below offset `end`; the tree when it had `size` leaves, if it had."""
        topic, _, partition = self.name.rpartition("/")
        frontier = self.frontier
        found = self.tree() if frontier.size == size else None
        if self.next_offset >= end:
            return found
        records = counted(log.read(topic, int(partition), self.next_offset, end), progress)
        for leaf in leaves(topic, records, Resume(self.dense, DecisionLog())):
            frontier.append(leaf_hash(leaf.value))
            if frontier.size == size:
                found = self.tree()
        self.next_offset = end
        return found


def as_tree(frontier: Frontier) -> Tree:
    """Size and root, as a checkpoint tells them."""
    return Tree(frontier.size, in_base64(frontier.root()))


class _Saved(Struct):
    size: int
    peaks: list[bytes]
    next_offset: int
    dense: dict[str, int]


class _Cache(Struct):
    note: str
    """SHA-256 of the checkpoint's note."""
    trees: dict[str, _Saved]


def save_trees(path: Path, note: str, trees: Iterable[GrowingTree]) -> None:
    """Keep the trees beside the checkpoint whose note has this SHA-256."""
    kept = {
        tree.name: _Saved(
            tree.frontier.size, tree.frontier.peaks, tree.next_offset, tree.dense.last
        )
        for tree in trees
    }
    encoded = msgspec.json.encode(_Cache(note, kept))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_bytes(hashlib.sha256(encoded).hexdigest().encode() + b"\n" + encoded)
    draft.replace(path)


def load_trees(path: Path, checkpoints: Mapping[str, CheckpointSigned]) -> list[GrowingTree]:
    """What was kept beside one of `checkpoints` (SHA-256 of its note → it), if it is what that
    one signed; else nothing."""
    try:
        checksum, _, encoded = path.read_bytes().partition(b"\n")
        if hashlib.sha256(encoded).hexdigest().encode() != checksum:
            return []
        cache = msgspec.json.decode(encoded, type=_Cache)
        found = [
            GrowingTree(name, Frontier(one.size, one.peaks), one.next_offset, one.dense)
            for name, one in cache.trees.items()
        ]
    except (OSError, ValueError):  # msgspec's errors are ValueErrors
        return []
    signed = checkpoints.get(cache.note)
    if signed is None or any(signed.trees.get(tree.name) != tree.tree() for tree in found):
        return []
    return found
