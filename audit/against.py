"""A checkpoint that a third party kept, held against the ledger as it is now.

    kept note ── signed by a key the ledger knows ── that vouches, key by key, for the newest
        │
        ├─ is the checkpoint of that number in `decisions`
        └─ each of its trees is the tree of the log, at the size it had

Where a tree is another one, the checkpoints in `decisions` tell since when: those that the
kept note names, one by the hash of the next, are as trustworthy as the note itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from audit.checkpoints import first_false_tree, good_checkpoints, trees_of
from audit.difference import Difference
from audit.log import Log
from audit.notes import BadNote, Note, parse_note
from audit.read import Progress
from audit.signed import DECISIONS, AddedKey, Signed, false_keys, read_signed
from audit.signing import PublicKey
from audit.trees import Marks, marks_of
from events.decisions import CheckpointSigned

Sizes = dict[str, list[int]]
"""Tree → the sizes at which its root is asked for."""
MarkTrees = Callable[[Sizes], Mapping[str, Marks]]


class Compared(Struct):
    """A kept checkpoint and the ledger it was held against."""

    verified: bool
    differences: list[Difference]
    ledger: str
    checkpoint: int
    key: str
    """Id of the key that signed it."""
    keys: list[str]
    """From the key that was known to the newest: each vouched for by the one before."""
    newest: int
    """Number of the newest checkpoint in `decisions`."""
    trees: int
    records: int
    """Leaves of its trees: what is proved to stand unchanged."""
    seconds: float


def compare(
    log: Log,
    ledger: str,
    note: Note,
    known: PublicKey | None = None,
    *,
    mark: MarkTrees | None = None,
    progress: Progress = lambda records: None,
) -> Compared:
    """Hold a kept checkpoint against the log. Never raises for a difference: it is in the answer.

    `ledger`: the cluster's id. `known`: a key that whoever verifies kept; without it the key of
    the note counts, if it is one of the ledger's. `mark`: what gives the roots, in parallel.
    """
    began = time.monotonic()
    signed = read_signed(log, progress)
    found = Compared(
        verified=False,
        differences=[],
        ledger=note.ledger,
        checkpoint=note.checkpoint,
        key="",
        keys=[],
        newest=len(signed.checkpoints),
        trees=len(note.trees),
        records=sum(tree.size for tree in note.trees.values()),
        seconds=0.0,
    )
    keys = {key.id: key for key in public_keys(signed, ledger)}
    if known is not None:
        keys[known.id] = known
    found.differences += false_note(note, ledger, signed, keys, found)
    if not found.differences:  # else nothing the note says counts
        found.differences += false_chain(known or keys[found.key], signed, ledger, found)
        found.differences += _false_series(note, ledger, signed, found)
        mark = mark or (lambda sizes: marks_in_turn(log, sizes, progress))
        found.differences += _false_trees(note, signed, mark)
    found.verified = not found.differences
    found.seconds = round(time.monotonic() - began, 3)
    return found


def marks_in_turn(log: Log, sizes: Sizes, progress: Progress) -> dict[str, Marks]:
    """The trees at these sizes, one after another."""
    return {name: marks_of(log, name, wanted, progress) for name, wanted in sizes.items()}


def false_note(
    note: Note, ledger: str, signed: Signed, keys: Mapping[str, PublicKey], found: Compared
) -> Iterator[Difference]:
    """Why the note cannot be taken at its word."""
    position = f"checkpoint {note.checkpoint}"
    if note.ledger != ledger:
        detail = f"is of ledger {note.ledger}; this is ledger {ledger}"
        yield Difference("wrong_ledger", position, detail, expected=ledger, found=note.ledger)
        return
    signers = [key for key in keys.values() if note.signature_of(key) is not None]
    if not signers:
        named = ", ".join(f"{one.name} {one.key_hash.hex()}" for one in note.signatures)
        detail = f"is signed by {named}, which is no key of the ledger"
        yield Difference("unknown_key", position, detail, expected=", ".join(keys), found=named)
        return
    signer = next((key for key in signers if note.is_signed_by(key)), None)
    if signer is None:
        detail = f"the signature of {signers[0].id} is not good: the note was altered, or forged"
        yield Difference("signature", position, detail)
        return
    found.key = signer.id
    tree = note.trees.get(DECISIONS)
    added = signed.key(signer.id)
    if added is not None and tree is not None and added.retired_before(tree.size):
        detail = f"is signed by {signer.id}, which was retired before ({added.reason})"
        yield Difference("retired_key", position, detail)


def false_chain(
    known: PublicKey, signed: Signed, ledger: str, found: Compared
) -> Iterator[Difference]:
    """Whether each key from the one that is known to the newest is vouched for."""
    found.keys = [known.id]
    start = next((n for n, key in enumerate(signed.keys) if key.fact.key == known.id), None)
    if start is None or signed.public_key(signed.keys[start], ledger) != known:
        detail = f"the ledger has no signing key {known.id}, which you know"
        yield Difference("unknown_key", DECISIONS, detail, found=_listed(signed.keys))
        return
    bad = {difference.position: difference for difference in false_keys(signed, ledger)}
    for key in signed.keys[start + 1 :]:
        if key.position in bad:
            yield bad[key.position]
            return
        if key.fact.previous != found.keys[-1]:
            detail = (
                f"signing key {key.fact.key} is vouched for by {key.fact.previous or 'nobody'}, "
                f"not by {found.keys[-1]}: ask the ledger's owner for the new key by another way, "
                "and give it by --key"
            )
            yield Difference("unvouched_key", key.position, detail)
            return
        found.keys.append(key.fact.key)
    if found.key not in found.keys:
        detail = f"the note is signed by {found.key}, which {known.id} does not vouch for"
        yield Difference("unvouched_key", f"checkpoint {found.checkpoint}", detail)


def _false_series(note: Note, ledger: str, signed: Signed, found: Compared) -> Iterator[Difference]:
    """Whether the ledger has this checkpoint, and nothing wrong among its checkpoints."""
    same = [one for one in signed.checkpoints if one.fact.checkpoint == note.checkpoint]
    if not same:
        yield Difference(
            "truncated",
            DECISIONS,
            f"checkpoint {note.checkpoint} is no longer in the log; the newest there is number "
            f"{found.newest}",
            expected=f"checkpoint {note.checkpoint}",
            found=f"checkpoint {found.newest}",
        )
    for one in same:
        if _text(one.fact) != note.text:
            detail = f"checkpoint {note.checkpoint} says other than the one that was kept"
            yield Difference("fork", one.position, detail, note.text, _text(one.fact))
    forked = {one.position for one in same if _text(one.fact) != note.text}
    known = {key.position for key in signed.keys}
    for difference in good_checkpoints(signed).differences:
        if difference.position not in forked | known:
            yield difference


def _false_trees(note: Note, signed: Signed, mark: MarkTrees) -> Iterator[Difference]:
    """The first stretch of each tree that is not as it was signed."""
    kept = CheckpointSigned(note.checkpoint, note.ledger, note.trees, note.previous, "", note.whole)
    checkpoints = [*_linked(note, signed), kept]
    by_name = {name: trees_of(name, checkpoints) for name in note.trees}
    marks = mark({name: [tree.size for _, tree in held] for name, held in by_name.items()})
    for name, held in by_name.items():
        if difference := first_false_tree(name, held, marks[name]):
            yield difference


def _linked(note: Note, signed: Signed) -> list[CheckpointSigned]:
    """The checkpoints before the note that it names by their hashes, from the first on."""
    by_number = {one.fact.checkpoint: one.fact for one in signed.checkpoints}
    found: list[CheckpointSigned] = []
    wanted, number = note.previous, note.checkpoint - 1
    while wanted and (fact := by_number.get(number)):
        try:
            before = parse_note(fact.note)
        except BadNote:
            break
        if before.sha256 != wanted or before.trees != fact.trees:
            break
        found.append(fact)
        wanted, number = before.previous, number - 1
    return found[::-1]


def public_keys(signed: Signed, ledger: str) -> Iterator[PublicKey]:
    """The keys the ledger added, without those whose text is not that of their id."""
    for key in signed.keys:
        public = signed.public_key(key, ledger)
        if public is not None and public.id == key.fact.key:
            yield public


def _text(fact: CheckpointSigned) -> str:
    """The text of its note, or what stands in its place."""
    try:
        return parse_note(fact.note).text
    except BadNote:
        return fact.note


def _listed(keys: list[AddedKey]) -> str:
    return ", ".join(key.fact.key for key in keys) or "none"
