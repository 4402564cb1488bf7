"""The checkpoints in `decisions`, held against the log they were signed over.

Each is held against its own note, its signature, and the one before it; and each tree it
signed against the tree that the log gives now, at the size it had then. What is found
beyond that is no fault: the log has grown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import msgspec
from msgspec import Struct

from audit.decided import Decided
from audit.difference import Difference
from audit.log import Log
from audit.notes import by_partition
from audit.read import Progress
from audit.signed import Signed, false_checkpoint, false_keys, signed_in
from audit.signing import in_base64
from audit.trees import Marking, Marks, fact_bytes, marks_of
from events.decisions import CheckpointSigned, Tree
from events.position import Record


class Good(Struct):
    """The checkpoints that are what they say, and what is wrong with the others."""

    checkpoints: list[CheckpointSigned]
    differences: list[Difference]


def good_checkpoints(signed: Signed) -> Good:
    """Those that nothing is wrong with by themselves, in order."""
    differences = [*signed.wrong, *false_keys(signed, signed.ledger)] if signed.ledger else []
    good = []
    for index, checkpoint in enumerate(signed.checkpoints):
        difference = false_checkpoint(signed, index)
        if difference is None:
            good.append(checkpoint.fact)
        else:
            differences.append(difference)
    return Good(good, differences)


def false_checkpoints(
    log: Log,
    decided: Decided,
    progress: Progress = lambda records: None,
    *,
    passed: Collection[str] = (),
) -> Iterator[Difference]:
    """Every checkpoint among `decided` that is not what it says, and the first stretch of each
    tree that the log no longer has as it was signed.

    `passed`: trees that a `TreeCheck` found as signed while their partitions were read anyway.
    """
    good = good_checkpoints(signed_in(decided.decisions))
    yield from good.differences
    names = {name for checkpoint in good.checkpoints for name in checkpoint.trees}
    for name in sorted(names.difference(passed), key=by_partition):
        signed = trees_of(name, good.checkpoints)
        marks = marks_of(log, name, (tree.size for _, tree in signed), progress)
        if difference := first_false_tree(name, signed, marks):
            yield difference


def trees_of(name: str, checkpoints: Iterable[CheckpointSigned]) -> list[tuple[int, Tree]]:
    """(checkpoint, its tree `name`), where it differs from the one before."""
    found: list[tuple[int, Tree]] = []
    for checkpoint in checkpoints:
        tree = checkpoint.trees.get(name)
        if tree is not None and (not found or found[-1][1] != tree):
            found.append((checkpoint.checkpoint, tree))
    return found


def first_false_tree(
    name: str, signed: Iterable[tuple[int, Tree]], marks: Marks
) -> Difference | None:
    """The first of the `signed` trees, by their checkpoints, that the log does not have."""
    last, before, offset = 0, 0, 0
    for checkpoint, tree in signed:
        mark = marks.at.get(tree.size)
        if mark is None:
            return _too_few(name, before, checkpoint, tree, marks)
        root = in_base64(mark.root)
        if root != tree.root:
            since = f"up to checkpoint {last} all is as signed; " if last else ""
            return Difference(
                "rewritten",
                f"{name}/{offset}",
                f"{since}from record {before} to {tree.size - 1} (offsets {offset} to "
                f"{mark.offset - 1}) the log has other records than checkpoint {checkpoint} signed",
                expected=tree.root,
                found=root,
            )
        last, before, offset = checkpoint, tree.size, mark.offset
    return None


def _too_few(name: str, before: int, checkpoint: int, tree: Tree, marks: Marks) -> Difference:
    """The log has fewer leaves than were signed; up to `before` they are as signed."""
    position = f"{name}/{marks.next_offset}"
    expected, found = f"{tree.size} records, root {tree.root}", f"{marks.size} records"
    if marks.ahead:
        detail = (
            f"checkpoint {checkpoint} signed {tree.size} records; number {marks.size} does not "
            f"come after the one before it, and {marks.ahead} stands there with a later number: a "
            "record was removed or moved"
        )
        return Difference("missing", position, detail, expected, found)
    detail = (
        f"checkpoint {checkpoint} signed {tree.size} records; the log has {marks.size}: "
        f"{tree.size - marks.size} are gone, from record {before} on"
    )
    return Difference("truncated", position, detail, expected, found)


class TreeCheck:
    """Holds one tree against its checkpoints while an audit reads its partition anyway.

    It takes every checkpoint at its word, forged ones too: it only says whether all is as
    signed. Where it is not, `false_checkpoints` tells the one from the other.

    The log held what a checkpoint signed before the checkpoint was written: a pass that begins
    after `decided` was read meets all of it.
    """

    def __init__(self, decided: Decided, name: str) -> None:
        self.name = name
        self._signed = trees_of(name, _said(decided, len(decided.decisions)))
        self._marking = Marking(tree.size for _, tree in self._signed)
        self.take = self._marking.take
        """Takes the next leaf's value, and the offset of its record."""
        self._next_offset = 0

    def facts(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records of a partition of which each is a leaf, as they are."""
        if not self._marking.wants_more:
            yield from records
            return
        take = self._marking.take
        for record in records:
            take(fact_bytes(record), record.offset)
            self._next_offset = record.offset + 1
            yield record

    def read_on(self, log: Log) -> None:
        """Take the facts behind those that passed, where a checkpoint signed more of them."""
        if self._marking.wants_more:
            topic, _, partition = self.name.rpartition("/")
            for _ in self.facts(log.read(topic, int(partition), self._next_offset)):
                if not self._marking.wants_more:
                    return

    def as_signed(self) -> list[str]:
        """Its name, if all that passed is as signed; else nothing."""
        false = first_false_tree(self.name, self._signed, self._marking.marks())
        return [] if false else [self.name]


@lru_cache(maxsize=1)
def _said(decided: Decided, count: int) -> list[CheckpointSigned]:
    """The checkpoints among the first `count` decisions, such as they are."""
    found = []
    for decision in decided.decisions[:count]:
        if decision.name == "checkpoint.signed":
            try:
                found.append(msgspec.json.decode(decision.state, type=CheckpointSigned))
            except msgspec.DecodeError:
                continue
    return found
