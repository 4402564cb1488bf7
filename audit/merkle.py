"""Merkle trees as Certificate Transparency hashes them: one hash stands for a whole list.

    MTH({})    = SHA-256()
    MTH({d})   = SHA-256(0x00 ‖ d)
    MTH(D[n])  = SHA-256(0x01 ‖ MTH(D[0:k]) ‖ MTH(D[k:n])),  k the largest power of two < n

(RFC 6962, section 2.1.) The leading byte keeps a leaf from passing for a node. Who kept the
root of the first m leaves can be shown, by some log₂ n hashes, that a leaf stands in the list
(inclusion), and that a longer list begins with the same m leaves (consistency).

A *leaf* is here always its hash, `leaf_hash(value)`, 32 bytes. A `Frontier` takes leaves one
after another and holds log₂ n hashes; for proofs out of a list too long to hold, see
`audit.merkle_pass`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""

Node = Callable[[int, int], bytes]
"""(level, index) → the hash of leaves index·2^level up to (index + 1)·2^level."""


def leaf_hash(value: bytes) -> bytes:
    """The leaf that `value` is, 32 bytes."""
    return sha256(b"\x00" + value).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node above two others, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows: the roots of its complete subtrees, largest first.

    Their sizes are the binary digits of `size`. `size` and `peaks` are all there is to save.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Empty, or as saved. Raises ValueError for peaks that cannot be those of `size`."""
        self.size = size
        """Number of leaves."""
        self.peaks = list(peaks)
        if size < 0 or size.bit_count() != len(self.peaks):
            raise ValueError(f"{len(self.peaks)} peaks cannot be those of {size} leaves")
        if any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise ValueError(f"a peak has {HASH_BYTES} bytes")

    def append(self, leaf: bytes) -> None:
        """Add the next leaf."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add the next leaves, in order."""
        peaks, size = self.peaks, self.size
        for leaf in leaves:
            found, rest = leaf, size
            while rest & 1:
                found = sha256(b"\x01" + peaks.pop() + found).digest()
                rest >>= 1
            peaks.append(found)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """The tree's hash, 32 bytes."""
        if not self.peaks:
            return EMPTY
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


def root(leaves: Sequence[bytes]) -> bytes:
    """The hash of a list of leaves, 32 bytes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """PATH(index, D[n]) of section 2.1.1: the siblings on the way from a leaf to the root.

    Raises IndexError where there is no such leaf.
    """
    node = _nodes_of(leaves)
    return [range_hash(*part, node) for part in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], first: int, second: int) -> list[bytes]:
    """PROOF(first, D[second]) of section 2.1.2, 0 < first <= second <= len(leaves).

    Raises IndexError for other sizes.
    """
    if second > len(leaves):
        raise IndexError(f"there are {len(leaves)} leaves, not {second}")
    node = _nodes_of(leaves)
    return [range_hash(*part, node) for part in consistency_ranges(first, second)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of the tree of `size` leaves with
    this root. The algorithm of RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and found == root


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether `proof` shows that the tree of `second` leaves begins with the `first` ones.

    The algorithm of RFC 9162, section 2.1.4.2. Of no leaves every tree is a continuation.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY
    path = [first_root, *proof] if first.bit_count() == 1 else list(proof)
    if not path:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            before = node_hash(sibling, before)
            after = node_hash(sibling, after)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            after = node_hash(after, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and before == first_root and after == second_root


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves (start, end) whose hashes make up the proof, leaf to root."""
    if not 0 <= index < size:
        raise IndexError(f"there are {size} leaves, none is number {index}")
    start, end = 0, size
    found = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """The ranges of leaves (start, end) whose hashes make up the proof, in its order."""
    if not 0 < first <= second:
        raise IndexError(f"expected 0 < first <= second, not {first} and {second}")
    start, end = 0, second
    found = []
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    if start > 0:  # else it is the tree of `first` leaves, whose root the verifier has
        found.append((start, end))
    return found[::-1]


def range_hash(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) of a range the tree has, of its complete subtrees' hashes."""
    found = b""
    for level, index in reversed(complete_parts(start, end)):
        part = node(level, index)
        found = node_hash(part, found) if found else part
    return found


def complete_parts(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees (level, index) a range of the tree is made of, left to right."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _nodes_of(leaves: Sequence[bytes]) -> Node:
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = iter(levels[-1])
        levels.append([node_hash(left, right) for left, right in zip(below, below, strict=False)])
    return lambda level, index: levels[level][index]


def _split(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1
