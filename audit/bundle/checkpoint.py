"""The checkpoint of a bundle: that the ledger's own key signed it, and that it is the newest.

Whose key that is, the bundle cannot say: its decisions name the key as they name everything
else. Only a key, or an earlier checkpoint, that somebody kept from before shows that the
bundle is of that ledger.
"""

from __future__ import annotations

from itertools import groupby

from msgspec import Struct

from audit.against import Compared, false_chain, false_note, public_keys
from audit.bundle.contents import Contents
from audit.bundle.format import NOTE, Withheld, leaf_of
from audit.bundle.inclusion import Included, check_decisions
from audit.checkpoints import good_checkpoints
from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from audit.merkle import Frontier
from audit.notes import BadNote, Note, parse_note
from audit.signed import DECISIONS, Signed
from audit.signing import PublicKey, from_base64
from events import topics
from events.decisions import Decision


class Checked(Struct):
    """A checkpoint that was checked."""

    checkpoint: int
    recorded_at: int
    """The broker's time of its decision, ms."""
    key: str
    """Id of the key that signed it."""
    vkey: str
    """The key, as somebody who keeps it writes it."""
    key_known: bool
    """Whether whoever verified gave that key, or one that vouches for it."""
    included: Included
    kept: int = 0
    """Number of the kept checkpoint it was held against; 0: none was."""


def newest_note(contents: Contents, decided: Decided) -> str:
    """The note of the newest checkpoint among the decisions; empty where there is none."""
    checkpoints = signed_of(contents, decided).checkpoints
    return checkpoints[-1].fact.note if checkpoints else ""


def signed_of(contents: Contents, decided: Decided) -> Signed:
    """Keys and checkpoints as the decisions tell of them, at the places they have among all."""
    batches: dict[str, tuple[Decision, ...]] = {
        position: tuple(batch)
        for position, batch in groupby(decided.decisions, key=lambda one: one.position)
    }
    signed = Signed()
    for line in contents.lines[topics.DECISIONS]:
        if isinstance(line, Withheld):
            signed.apply(())
        elif line.position in batches:
            signed.apply(batches[line.position])
    return signed


def check_checkpoint(
    contents: Contents,
    decided: Decided,
    known: PublicKey | None,
    kept: Note | None,
) -> Checked | None:
    """Hold the bundle's decisions against its checkpoint, and that against what was kept; None
    where the ledger has no checkpoint and nothing was kept. Raises AuditFailed.

    `known`: a key, `kept`: a checkpoint, that whoever verifies has from before.
    """
    signed = signed_of(contents, decided)
    for difference in good_checkpoints(signed).differences:
        raise AuditFailed(difference)
    newest = signed.checkpoints[-1] if signed.checkpoints else None
    said = newest.fact.note if newest is not None else ""
    if contents.note != said:
        detail = "is not the note of the newest checkpoint among the decisions"
        raise AuditFailed(Difference("checkpoint", NOTE, detail, said, contents.note))
    if kept is not None:
        _check_kept(contents, decided, signed, known, kept)
    if newest is None:
        if known is not None:
            detail = "there is no checkpoint: nothing in the bundle is signed by the key you know"
            raise AuditFailed(Difference("unknown_key", NOTE, detail, found="no checkpoint"))
        return None
    note = _parsed(contents.note)
    if note.ledger != contents.ledger:
        detail = f"is of ledger {note.ledger}; the bundle says {contents.ledger}"
        raise AuditFailed(
            Difference("wrong_ledger", NOTE, detail, contents.ledger, note.ledger)
        )  # fmt: skip
    found = _check_note(contents, signed, known, note)
    added = signed.key(found.key)
    public = None if added is None else signed.public_key(added, contents.ledger)
    return Checked(
        checkpoint=note.checkpoint,
        recorded_at=newest.recorded_at,
        key=found.key,
        vkey="" if public is None else public.vkey,
        key_known=known is not None,
        included=Included(decisions=check_decisions(contents.lines[topics.DECISIONS], note)),
        kept=0 if kept is None else kept.checkpoint,
    )


def _check_kept(
    contents: Contents,
    decided: Decided,
    signed: Signed,
    known: PublicKey | None,
    kept: Note,
) -> None:
    """The kept checkpoint is one of the bundle's, and its decisions are the bundle's."""
    position = f"checkpoint {kept.checkpoint}"
    newest = len(signed.checkpoints)
    if kept.ledger == contents.ledger and kept.checkpoint > newest:
        # Before its signature: its key may be newer than the bundle, too.
        detail = (
            f"you keep checkpoint {kept.checkpoint}; the bundle's newest is {newest or 'none'}: "
            "it is older than what you keep, or its end was cut off"
        )
        raise AuditFailed(Difference("truncated", position, detail, str(kept.checkpoint),
                                     str(newest)))  # fmt: skip
    _check_note(contents, signed, known, kept)
    same = signed.checkpoints[kept.checkpoint - 1]
    if _parsed(same.fact.note).text != kept.text:
        detail = f"checkpoint {kept.checkpoint} says other than the one that you keep"
        raise AuditFailed(Difference("fork", same.position, detail, kept.text, same.fact.note))
    tree = kept.trees.get(DECISIONS)
    if tree is None:
        return
    accepted = {decision.position for decision in decided.decisions}
    frontier = Frontier()
    for line in contents.lines[topics.DECISIONS]:
        if frontier.size == tree.size:
            break
        if isinstance(line, Withheld):
            frontier.append(bytes.fromhex(line.leaf))
        elif line.position in accepted:
            frontier.append(leaf_of(line.record))
    if frontier.size != tree.size or frontier.root() != from_base64(tree.root):
        detail = f"its decisions are not those of checkpoint {kept.checkpoint}, which you keep"
        raise AuditFailed(Difference("rewritten", DECISIONS, detail))


def _check_note(
    contents: Contents, signed: Signed, known: PublicKey | None, note: Note
) -> Compared:
    """The note is signed by a key of the ledger that `known` vouches for; raises AuditFailed."""
    found = Compared(False, [], note.ledger, note.checkpoint, "", [], 0, 0, 0, 0.0)
    keys = {key.id: key for key in public_keys(signed, contents.ledger)}
    if known is not None:
        keys[known.id] = known
    for difference in false_note(note, contents.ledger, signed, keys, found):
        raise AuditFailed(difference)
    first = keys[found.key] if known is None else known
    for difference in false_chain(first, signed, contents.ledger, found):
        raise AuditFailed(difference)
    return found


def _parsed(whole: str) -> Note:
    try:
        return parse_note(whole)
    except BadNote as problem:
        raise AuditFailed(Difference("checkpoint", NOTE, str(problem))) from problem
