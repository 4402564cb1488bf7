"""The trees of RFC 6962: its known vectors, and its own definition, followed word by word."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from audit.merkle_pass import InclusionPass

# The test vectors of Certificate Transparency (its merkle_tree_test): eight leaves, in hex,
# and the root of the first one, the first two, and so on.
VALUES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (index, size) → proof
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {  # (first, second) → proof
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [leaf_hash(value) for value in VALUES]


def test_roots_of_the_known_vectors() -> None:
    assert root([]).hex() == EMPTY_ROOT
    assert [root(LEAVES[: size + 1]).hex() for size in range(8)] == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_of_the_known_vectors(index: int, size: int) -> None:
    proof = inclusion_proof(LEAVES[:size], index)
    assert [one.hex() for one in proof] == INCLUSION[index, size]
    found = bytes.fromhex(ROOTS[size - 1])
    assert verify_inclusion(LEAVES[index], index, size, proof, found)


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_proofs_of_the_known_vectors(first: int, second: int) -> None:
    proof = consistency_proof(LEAVES, first, second)
    assert [one.hex() for one in proof] == CONSISTENCY[first, second]
    roots = bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[second - 1])
    assert verify_consistency(first, second, proof, *roots)


# Section 2.1, 2.1.1 and 2.1.2 of the RFC, as they are written there.


def mth(values: list[bytes]) -> bytes:
    if not values:
        return sha256().digest()
    if len(values) == 1:
        return sha256(b"\x00" + values[0]).digest()
    k = split(len(values))
    return sha256(b"\x01" + mth(values[:k]) + mth(values[k:])).digest()


def path(m: int, values: list[bytes]) -> list[bytes]:
    if len(values) == 1:
        return []
    k = split(len(values))
    if m < k:
        return [*path(m, values[:k]), mth(values[k:])]
    return [*path(m - k, values[k:]), mth(values[:k])]


def subproof(m: int, values: list[bytes], whole: bool) -> list[bytes]:
    if m == len(values):
        return [] if whole else [mth(values)]
    k = split(len(values))
    if m <= k:
        return [*subproof(m, values[:k], whole), mth(values[k:])]
    return [*subproof(m - k, values[k:], False), mth(values[:k])]


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


VALUE_LISTS = st.lists(st.binary(max_size=4), max_size=40)


@given(VALUE_LISTS)
def test_a_frontier_has_the_root_of_the_definition_at_every_size(values: list[bytes]) -> None:
    frontier = Frontier()
    for size, value in enumerate(values):
        assert frontier.root() == mth(values[:size])
        frontier = Frontier(frontier.size, frontier.peaks)  # as saved and taken up again
        frontier.append(leaf_hash(value))
    assert frontier.root() == mth(values)


@given(VALUE_LISTS.filter(bool), st.data())
def test_inclusion_is_proved_as_defined_and_nothing_else_is(
    values: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    leaves = [leaf_hash(value) for value in values]
    proof = inclusion_proof(leaves, index)
    assert proof == path(index, values)
    size, found, leaf = len(values), mth(values), leaves[index]
    assert verify_inclusion(leaf, index, size, proof, found)

    other = data.draw(st.integers(-1, size + 1))
    if other != index:
        same = 0 <= other < size and values[other] == values[index] and proof == path(other, values)
        assert verify_inclusion(leaf, other, size, proof, found) == same
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, found)
    assert not verify_inclusion(leaf, index, size, proof, altered(found, data))
    for wrong in wrong_proofs(proof, data):
        assert not verify_inclusion(leaf, index, size, wrong, found)


@given(VALUE_LISTS.filter(bool), st.data())
def test_consistency_is_proved_as_defined_and_nothing_else_is(
    values: list[bytes], data: st.DataObject
) -> None:
    second = data.draw(st.integers(1, len(values)))
    first = data.draw(st.integers(1, second))
    leaves = [leaf_hash(value) for value in values]
    proof = consistency_proof(leaves, first, second)
    assert proof == subproof(first, values[:second], True)
    roots = mth(values[:first]), mth(values[:second])
    assert verify_consistency(first, second, proof, *roots)

    assert not verify_consistency(first, second, proof, altered(roots[0], data), roots[1])
    assert not verify_consistency(first, second, proof, roots[0], altered(roots[1], data))
    for wrong in wrong_proofs(proof, data):
        assert not verify_consistency(first, second, wrong, *roots)
    changed = [*values[: first - 1], values[first - 1] + b"!", *values[first:second]]
    assert not verify_consistency(first, second, proof, roots[0], mth(changed))


def altered(value: bytes, data: st.DataObject) -> bytes:
    """`value` with one bit flipped."""
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    number = int.from_bytes(value, "big") ^ (1 << bit)
    return number.to_bytes(len(value), "big")


def wrong_proofs(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """One hash altered, one left out, one added."""
    wrong = [[*proof, sha256(b"more").digest()], [sha256(b"more").digest(), *proof]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong.append([*proof[:at], altered(proof[at], data), *proof[at + 1 :]])
        wrong.append([*proof[:at], *proof[at + 1 :]])
    return wrong


@given(VALUE_LISTS.filter(bool), st.data())
def test_proofs_kept_while_the_leaves_pass_are_the_same(
    values: list[bytes], data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(values)))
    wanted = data.draw(st.sets(st.integers(0, size - 1)))
    passing = InclusionPass(size, wanted)
    for value in values[: size - 1]:
        passing.append(leaf_hash(value))
    with pytest.raises(ValueError, match="have passed"):
        passing.root()
    for value in values[size - 1 :]:
        passing.append(leaf_hash(value))
    assert passing.root() == mth(values[:size])
    for index in wanted:
        assert passing.proof(index) == path(index, values[:size])


@pytest.mark.parametrize(("size", "peaks"), [(1, []), (3, [b"x" * 32]), (1, [b"short"]), (-1, [])])
def test_a_frontier_that_cannot_be_is_refused(size: int, peaks: list[bytes]) -> None:
    with pytest.raises(ValueError, match="peak"):
        Frontier(size, peaks)


def test_what_the_tree_does_not_have_is_refused() -> None:
    with pytest.raises(IndexError, match="none is number 8"):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(IndexError, match="not 9"):
        consistency_proof(LEAVES, 3, 9)
    with pytest.raises(IndexError, match="0 < first"):
        consistency_proof(LEAVES, 0, 3)
