"""Signing the next checkpoint: look what came since the last one, and sign all there is.

Any number of processes do it, at any time. Two that sign at once meet in one version of the
aggregate: one of the two checkpoints stands, and the other process is told. What is signed is
what the log says; a log that no longer has what the last checkpoint signed is not signed on.
"""

from __future__ import annotations

from pathlib import Path

from aggregates.application import Decisions
from aggregates.errors import AlreadyExists, Conflict
from audit.growing_trees import GrowingTree, as_tree, load_trees, save_trees
from audit.key_files import KeyFiles
from audit.log import Log
from audit.merkle import Frontier, leaf_hash
from audit.notes import note_sha256, note_text
from audit.read import Progress, counted
from audit.rotation import CannotSign, first_key, signing_key
from audit.signed import DECISIONS, Signed
from audit.trees import Resume, leaves, tree_names
from events import topics
from events.decisions import CheckpointSigned, Tree

CACHE = "checkpoint-trees.json"


class Checkpointing:
    """A signer of checkpoints. It holds what it read; each look reads only what came since."""

    def __init__(
        self,
        log: Log,
        ledger: str,
        keys: KeyFiles,
        cache: Path,
        progress: Progress = lambda records: None,
    ) -> None:
        """`ledger`: the cluster's id; `cache`: a directory for what may be lost."""
        self._log = log
        self._ledger = ledger
        self._keys = keys
        self._cache = cache / CACHE
        self._progress = progress
        self._signed = Signed()
        self._resume = Resume.nothing()
        self._decisions = Frontier()
        """The tree of decisions as the newest checkpoint signed it."""
        self._since: list[bytes] = []
        """Leaves of decisions after that."""
        self._trees: list[GrowingTree] | None = None

    def newest(self) -> CheckpointSigned | None:
        """The newest checkpoint there is, read from the log's end."""
        self._read_decisions()
        checkpoints = self._signed.checkpoints
        return checkpoints[-1].fact if checkpoints else None

    def due(self, now: int, minutes: float) -> bool:
        """Whether at `now` (ms) the newest checkpoint is that old and something was decided or
        booked since."""
        self._read_decisions()
        checkpoints = self._signed.checkpoints
        if checkpoints and now - checkpoints[-1].recorded_at < minutes * 60_000:
            return False
        return self._something_new()

    def prepare(self, decisions: Decisions, by: str = "") -> None:
        """Make the ledger's first key, where it has none."""
        self._read_decisions()
        if not self._signed.keys:
            first_key(decisions, self._keys, self._ledger, by)
            self._read_decisions()

    def sign(self, decisions: Decisions, by: str = "") -> CheckpointSigned | None:
        """Sign all there is; None where nothing came since the newest checkpoint, or where
        another process signed first.

        Makes the ledger's first key where it has none. Raises CannotSign.
        """
        # 1. The decisions first: the trees read after them have all that a checkpoint among
        #    them signed, and the key is one that they do not retire.
        self.prepare(decisions, by)
        if not self._something_new():
            return None
        private = signing_key(self._signed, self._keys)
        # 2. The other trees, up to now. They are copies: should this not be signed, the next
        #    look reads again from the last checkpoint on, which it must find in the log.
        newest = self._signed.checkpoints[-1].fact if self._signed.checkpoints else None
        trees = [tree.copy() for tree in self._trees_held()]
        signed = {DECISIONS: self._decisions_tree(newest), **self._read_on(trees, newest)}
        # 3. Sign, and let the log decide whose checkpoint stands.
        number = newest.checkpoint + 1 if newest else 1
        previous = note_sha256(newest.note) if newest else ""
        note = private.sign_note(note_text(self._ledger, number, signed, previous))
        wanted = CheckpointSigned(
            number, self._ledger, signed, previous, private.public.id, note, by
        )
        try:
            decisions.sign_checkpoint(wanted)
        except (AlreadyExists, Conflict):
            self._read_decisions()
            if self._signed.checkpoints and self._signed.checkpoints[-1].fact != newest:
                return None
            raise
        # 4. Keep the trees; dying before this costs the next start some reading.
        self._trees = trees
        save_trees(self._cache, note_sha256(note), trees)
        return wanted

    def _read_decisions(self) -> None:
        """Take note of what was decided up to now."""
        end = self._log.ends(topics.DECISIONS)[0]
        start = self._resume.decisions.next_offset
        if start >= end:
            return
        records = counted(self._log.read(topics.DECISIONS, 0, start, end), self._progress)
        for leaf in leaves(topics.DECISIONS, records, self._resume, self._signed.apply):
            self._since.append(leaf_hash(leaf.value))

    def _something_new(self) -> bool:
        """Whether anything but checkpoints came since the newest one."""
        if self._signed.unsigned:
            return True
        newest = self._signed.checkpoints[-1].fact if self._signed.checkpoints else None
        held = {tree.name: tree for tree in self._trees_held()}
        for topic in (topics.JOURNAL, topics.CONVERSIONS):
            for partition, end in self._log.ends(topic).items():
                name = f"{topic}/{partition}"
                tree = held[name]
                signed = newest.trees.get(name) if newest else Tree(0, "")
                if tree.next_offset < end or signed is None or signed.size != tree.frontier.size:
                    return True
        return False

    def _trees_held(self) -> list[GrowingTree]:
        if self._trees is None:
            signed = {note_sha256(one.fact.note): one.fact for one in self._signed.checkpoints}
            loaded = {tree.name: tree for tree in load_trees(self._cache, signed)}
            names = [name for name in tree_names(self._log) if name != DECISIONS]
            self._trees = [loaded.get(name) or GrowingTree(name) for name in names]
        del self._signed.checkpoints[:-1]  # a scheduler lives long, and needs only the newest
        return self._trees

    def _decisions_tree(self, newest: CheckpointSigned | None) -> Tree:
        """All decisions read; moves the tree that is held up to what `newest` signed."""
        before = Tree(0, "") if newest is None else newest.trees[DECISIONS]
        while self._since and self._decisions.size < before.size:
            count = before.size - self._decisions.size
            for leaf in self._since[:count]:
                self._decisions.append(leaf)
            del self._since[:count]
        if newest is not None:
            self._require(newest, DECISIONS, as_tree(self._decisions))
        frontier = Frontier(self._decisions.size, self._decisions.peaks)
        for leaf in self._since:
            frontier.append(leaf)
        return as_tree(frontier)

    def _read_on(
        self, trees: list[GrowingTree], newest: CheckpointSigned | None
    ) -> dict[str, Tree]:
        ends = {topic: self._log.ends(topic) for topic in (topics.JOURNAL, topics.CONVERSIONS)}
        for tree in trees:
            topic, _, partition = tree.name.rpartition("/")
            before = newest.trees.get(tree.name) if newest else None
            size = -1 if before is None else before.size
            found = tree.read_on(self._log, ends[topic][int(partition)], size, self._progress)
            if newest is not None and before is not None:
                self._require(newest, tree.name, found or tree.tree())
        return {tree.name: tree.tree() for tree in trees}

    def _require(self, newest: CheckpointSigned, name: str, found: Tree) -> None:
        signed = newest.trees[name]
        if found != signed:
            self._trees = None
            raise CannotSign(
                f"checkpoint {newest.checkpoint} signed {signed.size} records of {name} with root "
                f"{signed.root}; the log now gives {found.size} with {found.root}. Nothing is "
                "signed on top of that; `pledger replay --verify` says what differs"
            )
