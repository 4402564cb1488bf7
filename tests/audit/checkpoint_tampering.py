"""Ways to tamper with the checkpoints and keys that stand in a log, on `signing_scene.signing`:
three checkpoints, the third signed by a second key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from audit.signing import PrivateKey, in_base64
from events import topics
from events.codec import encode
from events.decisions import DecisionRecord, StoredDecision, Tree
from events.position import Record
from tests.audit.signing_scene import (
    Signing,
    edit_state,
    flipped,
    put_note,
    resigned,
    stranger,
)

Change = Callable[[Signing], object]
Where = Callable[[Signing], list[tuple[str, str]]]


class CheckpointWay(NamedTuple):
    name: str
    do: Change
    expected: Where
    """The ledger tampered with → (kind, position) of all that must be named."""
    kinds: tuple[str, ...]
    words: str = "the checkpoint's record"


def third(found: Signing) -> Record:
    return found.checkpoint_records()[2]


def on_third(kind: str) -> tuple[Where, tuple[str, ...]]:
    return lambda found: [(kind, str(third(found).position))], (kind,)


def stated(**changes: Any) -> Change:
    """Fields of the decision, not of its note."""
    return lambda found: edit_state(found.log, third(found), **changes)


def ours(number: int) -> Callable[[Signing], PrivateKey]:
    return lambda found: found.private(number)


def a_strangers(found: Signing) -> PrivateKey:
    return stranger()


def noted(key: Callable[[Signing], PrivateKey], **changes: Any) -> Change:
    """Another note, signed anew, and the decision to match. A change may be a function of the
    scene."""

    def do(found: Signing) -> None:
        made = {name: v(found) if callable(v) else v for name, v in changes.items()}
        put_note(found.log, third(found), resigned(found.notes[2], key(found), **made))

    return do


def trees(change: Callable[[Signing, dict[str, Tree]], object]) -> Callable[[Signing], Any]:
    def changed(found: Signing) -> dict[str, Tree]:
        made = dict(found.signed().checkpoints[2].fact.trees)
        change(found, made)
        return made

    return changed


def other_root(found: Signing, made: dict[str, Tree]) -> None:
    made["journal/2"] = Tree(made["journal/2"].size, flipped(""))


def smaller(found: Signing, made: dict[str, Tree]) -> None:
    made["journal/2"] = found.signed().checkpoints[0].fact.trees["journal/2"]


def root_before(found: Signing, made: dict[str, Tree]) -> None:
    """As many leaves as the one before had, and another root."""
    size = found.signed().checkpoints[1].fact.trees["journal/2"].size
    made["journal/2"] = Tree(size, flipped(""))


def of_a_stranger_named_as_ours(found: Signing) -> None:
    noted(a_strangers, trees=trees(other_root))(found)
    edit_state(found.log, third(found), key=found.private(1).public.id)


def roots_that_never_were(found: Signing) -> None:
    noted(ours(1), trees=trees(other_root))(found)


def where_the_third_begins(found: Signing) -> list[tuple[str, str]]:
    start = found.signed().checkpoints[1].fact.trees["journal/2"].size
    return [("rewritten", f"journal/2/{start}")]


def second_series(found: Signing) -> None:
    """Under another name it would be a series of its own, of any content."""
    fact = found.signed().checkpoints[2].fact
    state = msgspec.Raw(msgspec.json.encode(fact))
    event = StoredDecision("checkpoints-2", 1, "checkpoint.signed", state)
    value = encode(DecisionRecord((event,)))
    found.log.append(topics.DECISIONS, "checkpoints-2", value, found.ledger.now + 1)


def at_the_end(found: Signing) -> list[tuple[str, str]]:
    return [("foreign", str(found.log.records[topics.DECISIONS, 0][-1].position))]


def second_key(found: Signing) -> Record:
    position = found.signed().keys[1].position
    return found.log.records[topics.DECISIONS, 0][int(position.rpartition("/")[2])]


def keyed(**changes: Any) -> Change:
    return lambda found: edit_state(found.log, second_key(found), **changes)


def key_and_what_it_signed(found: Signing) -> list[tuple[str, str]]:
    return [
        ("signature", str(second_key(found).position)),
        ("signature", str(third(found).position)),
    ]


def key_and_its_stretch(found: Signing) -> list[tuple[str, str]]:
    """The third checkpoint, good by itself, has signed the decision as it was."""
    start = found.signed().checkpoints[1].fact.trees["decisions/0"].size
    return [
        ("signature", str(second_key(found).position)),
        ("rewritten", f"decisions/0/{start}"),
    ]


WAYS = (
    CheckpointWay("fields that are not the note's", stated(previous="0" * 64),
        *on_third("checkpoint")),
    CheckpointWay("a note that cannot be read", stated(note="checkpoint 3, honestly"),
        *on_third("checkpoint")),
    CheckpointWay("a checkpoint that cannot be read", stated(trees="none"),
        *on_third("checkpoint")),
    CheckpointWay("signed anew with a stranger's key", noted(a_strangers, trees=trees(other_root)),
        *on_third("unknown_key")),
    CheckpointWay("signed with a stranger's key, named as ours", of_a_stranger_named_as_ours,
        *on_third("signature")),
    CheckpointWay("roots that never were, signed with the right key", roots_that_never_were,
        where_the_third_begins, ("rewritten",), "where the tree's last stretch begins"),
    CheckpointWay("a checkpoint of a number that was", noted(ours(1), checkpoint=2),
        *on_third("checkpoint")),
    CheckpointWay("a checkpoint of a number to come", noted(ours(1), checkpoint=7),
        *on_third("checkpoint")),
    CheckpointWay("one that does not name the one before", noted(ours(1), previous="0" * 64),
        *on_third("checkpoint")),
    CheckpointWay("a tree smaller than before", noted(ours(1), trees=trees(smaller)),
        *on_third("checkpoint")),
    CheckpointWay("a tree as large as before with another root",
        noted(ours(1), trees=trees(root_before)), *on_third("checkpoint")),
    CheckpointWay("a tree left out",
        noted(ours(1), trees=trees(lambda _, made: made.pop("journal/2"))),
        *on_third("checkpoint")),
    CheckpointWay("a checkpoint of another ledger", noted(ours(1), ledger="elsewhere"),
        *on_third("wrong_ledger")),
    CheckpointWay("signed with a retired key", noted(ours(0)), *on_third("retired_key")),
    CheckpointWay("a second series of checkpoints", second_series, at_the_end, ("foreign",),
        "where it was added"),
    CheckpointWay("a key that is not its own hash",
        keyed(public_key=in_base64(stranger().public.value)), key_and_what_it_signed,
        ("signature",), "the key's record, and what it signed"),
    CheckpointWay("a key that nobody vouched for as it says", keyed(signature=in_base64(bytes(64))),
        key_and_its_stretch, ("signature", "rewritten"),
        "the key's record, and the stretch of decisions it lies in"),
)  # fmt: skip
