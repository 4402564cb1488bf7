"""Proofs out of a tree too large to hold: the few nodes they need, kept as the leaves pass.

    proofs = InclusionPass(size, wanted={17, 4_711})
    for value in values:
        proofs.append(leaf_hash(value))
    proofs.proof(17)

Holds some log₂ n hashes for each leaf wanted, whatever the size of the tree.
"""

from __future__ import annotations

from collections.abc import Collection

from audit.merkle import EMPTY, complete_parts, inclusion_ranges, node_hash, range_hash


class InclusionPass:
    """Inclusion proofs of some leaves in the tree of the first `size` ones, in one pass."""

    def __init__(self, size: int, wanted: Collection[int]) -> None:
        """Raises IndexError for a wanted leaf that the tree does not have."""
        self.size = size
        self.seen = 0
        """Leaves taken so far."""
        self._ranges = {index: inclusion_ranges(index, size) for index in wanted}
        self._kept: dict[tuple[int, int], bytes | None] = {
            part: None
            for ranges in self._ranges.values()
            for start, end in ranges
            for part in complete_parts(start, end)
        }
        for part in complete_parts(0, size):
            self._kept[part] = None
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Take the next leaf; those after the tree's last are let pass."""
        if self.seen == self.size:
            return
        level, index = 0, self.seen
        while True:
            if (level, index) in self._kept:
                self._kept[level, index] = leaf
            if not index & 1:
                break
            leaf = node_hash(self._peaks.pop(), leaf)
            level, index = level + 1, index >> 1
        self._peaks.append(leaf)
        self.seen += 1

    def root(self) -> bytes:
        """Of the tree of `size` leaves, once they have all passed; raises ValueError before."""
        return range_hash(0, self.size, self._node) if self.size else EMPTY

    def proof(self, index: int) -> list[bytes]:
        """Of a wanted leaf, once all have passed; raises ValueError before, KeyError for others."""
        return [range_hash(start, end, self._node) for start, end in self._ranges[index]]

    def _node(self, level: int, index: int) -> bytes:
        found = self._kept[level, index]
        if found is None:
            raise ValueError(f"{self.seen} of {self.size} leaves have passed")
        return found
