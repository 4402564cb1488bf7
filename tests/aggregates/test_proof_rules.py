"""What may be decided about signing keys and checkpoints."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from msgspec import structs

from aggregates.application import Decisions
from aggregates.checkpoints import Checkpoints
from aggregates.errors import AlreadyExists, Conflict, Invalid, NotFound
from aggregates.signing_keys import AddedKey, SigningKeys
from events.decisions import CheckpointSigned, Tree

PUBLIC, SIGNATURE = (base64.b64encode(bytes(size)).decode() for size in (32, 64))
FIRST = AddedKey("00000001", PUBLIC, "", "")
SECOND = AddedKey("00000002", PUBLIC, "00000001", SIGNATURE)
ROOTS = [base64.b64encode(bytes([number]) * 32).decode() for number in range(3)]


def keys() -> SigningKeys:
    found = SigningKeys.empty(SigningKeys.create_id())
    found.add(FIRST)
    return found


def checkpoint(number: int, size: int, note: str, before: str = "") -> CheckpointSigned:
    trees = {"journal/0": Tree(size, ROOTS[0]), "decisions/0": Tree(1, ROOTS[1])}
    previous = sha256(before.encode()).hexdigest() if before else ""
    return CheckpointSigned(number, "cluster", trees, previous, "00000001", note)


def signed() -> Checkpoints:
    found = Checkpoints.empty(Checkpoints.create_id())
    found.sign(checkpoint(1, 4, "one"))
    return found


# Keys


def test_a_new_key_takes_the_place_of_the_one_before_in_one_record() -> None:
    found = keys()
    found.collect_events()
    found.add(SECOND, "ann")
    assert found.current == "00000002"
    assert found.retired == {"00000001": "replaced"}
    assert len(found.collect_events()) == 2


def test_adding_a_key_again_changes_nothing() -> None:
    found = keys()
    found.add(SECOND)
    found.collect_events()
    found.add(SECOND)
    found.add(FIRST)
    assert found.collect_events() == []


def test_of_two_rotations_at_once_one_is_refused() -> None:
    found = keys()
    found.add(SECOND)
    with pytest.raises(Conflict, match="another rotation came first"):
        found.add(AddedKey("00000003", PUBLIC, "00000001", SIGNATURE))


def test_nobody_vouches_only_where_nobody_signs() -> None:
    found = keys()
    with pytest.raises(Conflict, match="vouched for by nobody"):
        found.add(AddedKey("00000003", PUBLIC, "", ""))
    found.retire("00000001", "stolen", "ann")
    assert found.current == ""
    with pytest.raises(Conflict, match="the key that signs is none"):
        found.add(SECOND)
    found.add(AddedKey("00000003", PUBLIC, "", ""))
    assert found.current == "00000003"


def test_a_key_is_retired_once() -> None:
    found = keys()
    found.retire("00000001", "stolen")
    found.collect_events()
    found.retire("00000001", "lost")
    assert found.retired == {"00000001": "stolen"} and found.collect_events() == []
    with pytest.raises(NotFound, match="no signing key '00000009'"):
        found.retire("00000009", "lost")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"key": "1"}, "key"),
        ({"key": "0000000G"}, "key"),
        ({"public_key": "AAAA"}, "public_key"),
        ({"public_key": "no base64"}, "public_key"),
        ({"signature": SIGNATURE}, "signature"),
        ({"previous": "00000001"}, "signature"),
    ],
)
def test_a_key_no_key_can_be(wrong: dict[str, str], field: str) -> None:
    found = SigningKeys.empty(SigningKeys.create_id())
    with pytest.raises(Invalid) as refused:
        found.add(structs.replace(FIRST, **wrong))
    assert refused.value.field == field


def test_a_key_of_that_id_with_other_content() -> None:
    with pytest.raises(AlreadyExists):
        keys().add(structs.replace(FIRST, public_key=base64.b64encode(b"1" * 32).decode()))


# Checkpoints


def test_checkpoints_follow_one_another() -> None:
    found = signed()
    found.sign(checkpoint(2, 4, "two", "one"))
    found.sign(checkpoint(3, 9, "three", "two"))
    found.collect_events()
    found.sign(checkpoint(3, 9, "three", "two"))
    assert found.collect_events() == []


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [
        (checkpoint(1, 4, "another"), AlreadyExists, "checkpoint 1 was signed"),
        (checkpoint(3, 4, "three", "one"), Conflict, "the next checkpoint is number 2"),
        (checkpoint(2, 4, "two", "zero"), Conflict, "for the one before"),
        (checkpoint(2, 4, "two"), Conflict, "names none for the one before"),
        (checkpoint(2, 3, "two", "one"), Conflict, "journal/0 had 4 leaves and has 3"),
    ],
)
def test_a_checkpoint_that_does_not_follow(
    wanted: CheckpointSigned, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        signed().sign(wanted)


def test_a_checkpoint_of_another_log() -> None:
    follows = checkpoint(2, 4, "two", "one")
    other_root = structs.replace(follows, trees=follows.trees | {"journal/0": Tree(4, ROOTS[2])})
    with pytest.raises(Conflict, match="another root"):
        signed().sign(other_root)
    fewer = structs.replace(follows, trees={"journal/0": Tree(4, ROOTS[0])})
    with pytest.raises(Conflict, match="decisions/0 had 1 leaves and is not among"):
        signed().sign(fewer)
    with pytest.raises(Conflict, match="of ledger cluster; this one is of elsewhere"):
        signed().sign(structs.replace(follows, ledger="elsewhere"))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"note": ""}, "note"),
        ({"key": "x"}, "key"),
        ({"trees": {}}, "trees"),
        ({"trees": {"journal": Tree(1, ROOTS[0])}}, "trees"),
        ({"trees": {"journal/0": Tree(-1, ROOTS[0])}}, "trees.journal/0.size"),
        ({"trees": {"journal/0": Tree(1, "AAAA")}}, "trees.journal/0.root"),
    ],
)
def test_a_checkpoint_no_checkpoint_can_be(wrong: dict[str, object], field: str) -> None:
    found = Checkpoints.empty(Checkpoints.create_id())
    with pytest.raises(Invalid) as refused:
        found.sign(structs.replace(checkpoint(1, 4, "one"), **wrong))
    assert refused.value.field == field


@pytest.mark.broker
def test_what_was_decided_is_read_back(decisions: Decisions) -> None:
    decisions.add_signing_key(FIRST.key, FIRST.public_key, by="ann")
    decisions.add_signing_key(SECOND.key, SECOND.public_key, SECOND.previous, SECOND.signature)
    decisions.retire_signing_key(SECOND.key, "stolen", "ann")
    found = decisions.signing_keys()
    assert [one.key for one in found.keys] == [FIRST.key, SECOND.key]
    assert found.retired == {FIRST.key: "replaced", SECOND.key: "stolen"}
    wanted = checkpoint(1, 4, "one")
    decisions.sign_checkpoint(wanted)
    decisions.sign_checkpoint(wanted)
    assert decisions.checkpoints().newest == wanted
