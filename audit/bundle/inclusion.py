"""That records stand in the trees of a signed checkpoint: inclusion proofs, made and checked.

Of the journal every entry of the account, of `conversions` every conversion shown. The whole
tree of `decisions` is hashed again, for a bundle has a leaf of every decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from audit.bundle.contents import Contents
from audit.bundle.format import Inclusion, Line, Shown, Withheld, leaf_of
from audit.difference import AuditFailed, Difference
from audit.log import Log
from audit.merkle import Frontier, leaf_hash, verify_inclusion
from audit.merkle_pass import InclusionPass
from audit.notes import Note
from audit.read import Progress, counted
from audit.signing import from_base64, in_base64
from audit.trees import Leaf, leaves
from events import topics
from events.codec import UnreadableRecord, decode_record
from events.decisions import Tree
from events.first_wins import DecisionLog
from events.journal import Entry


class Included(Struct):
    """How much of a bundle a checkpoint covers."""

    entries: int = 0
    newer_entries: int = 0
    """Of the account, booked after the checkpoint."""
    conversions: int = 0
    newer_conversions: int = 0
    decisions: int = 0
    """Accepted records of `decisions` that are all those of the checkpoint's tree."""


def number_of(line: Line) -> int:
    """The number of a record's leaf in its partition's tree."""
    if line.topic != topics.JOURNAL:
        return line.offset
    if isinstance(line, Withheld):
        return line.effect.n if line.effect is not None else -1
    entry: Entry = decode_record(line.record)
    return entry.n


def prove_inclusion(
    log: Log, note: Note, lines: Iterable[Line], progress: Progress
) -> Iterator[Inclusion]:
    """The proof of each of `lines` that its tree in the checkpoint has, in their order."""
    wanted: dict[str, list[int]] = {}
    for line in lines:
        stream = f"{line.topic}/{line.partition}"
        tree = note.trees.get(stream)
        if tree is not None and 0 <= number_of(line) < tree.size:
            wanted.setdefault(stream, []).append(number_of(line))
    for stream, numbers in wanted.items():
        topic, _, partition = stream.rpartition("/")
        chosen = frozenset(numbers)
        passed = InclusionPass(note.trees[stream].size, chosen)
        offsets: dict[int, int] = {}
        found = leaves(topic, counted(log.read(topic, int(partition)), progress))
        for number, leaf in enumerate(_up_to(found, passed)):
            if number in chosen:
                offsets[number] = leaf.offset
        for number in sorted(chosen):
            path = tuple(map(in_base64, passed.proof(number)))
            yield Inclusion(f"{stream}/{offsets[number]}", number, path)


def check_inclusion(contents: Contents, note: Note, accepted: set[str], included: Included) -> None:
    """Hold every record against its proof, and count it in `included`; raises AuditFailed.

    `accepted`: positions of the account's entries; repeats of them have no leaf.
    """
    proofs = {(_stream(one.position), one.leaf): one for one in contents.inclusions}
    numbers = {
        line.position: number_of(line)
        for topic in (topics.JOURNAL, topics.CONVERSIONS)
        for line in contents.lines[topic]
    }
    for one in contents.inclusions:
        if numbers.get(one.position) != one.leaf:
            detail = f"has an inclusion proof as leaf {one.leaf}; no such record is in the bundle"
            raise AuditFailed(Difference("missing", one.position, detail))
    for line in contents.lines[topics.JOURNAL]:
        if line.position in accepted:
            if _check(line, note, proofs):
                included.entries += 1
            else:
                included.newer_entries += 1
    for line in contents.lines[topics.CONVERSIONS]:
        if _check(line, note, proofs):
            included.conversions += 1
        else:
            included.newer_conversions += 1


def _check(line: Line, note: Note, proofs: dict[tuple[str, int], Inclusion]) -> bool:
    """Whether the checkpoint covers a record; raises AuditFailed where the proof does not hold."""
    stream, number = f"{line.topic}/{line.partition}", number_of(line)
    tree = note.trees.get(stream, Tree(0, ""))
    if number >= tree.size:
        return False
    proof = proofs.get((stream, number))
    said = f"leaf {number} of {tree.size} of {stream} in checkpoint {note.checkpoint}"
    if proof is None:
        detail = f"is {said}; its inclusion proof is not in the bundle"
        raise AuditFailed(Difference("missing", line.position, detail))
    path = [from_base64(text) or b"" for text in proof.path]
    leaf = bytes.fromhex(line.leaf) if isinstance(line, Withheld) else leaf_of(line.record)
    root = from_base64(tree.root) or b""
    if not verify_inclusion(leaf, number, tree.size, path, root):
        detail = f"is not {said}: the record, its proof or the checkpoint was altered"
        raise AuditFailed(Difference("altered", line.position, detail))
    return True


def check_decisions(lines: list[Line], note: Note) -> int:
    """Hash the tree of `decisions` again; raises AuditFailed where it is another one."""
    stream = f"{topics.DECISIONS}/0"
    tree = note.trees.get(stream)
    if tree is None:
        return 0
    frontier, accepted = Frontier(), DecisionLog()
    last = ""
    for line in lines:
        if frontier.size == tree.size:
            break
        if isinstance(line, Shown) and not _adds(accepted, line):
            continue
        leaf = bytes.fromhex(line.leaf) if isinstance(line, Withheld) else leaf_of(line.record)
        frontier.append(leaf)
        last = line.position
    said = f"of the {tree.size} decision records of checkpoint {note.checkpoint}"
    if frontier.size < tree.size:
        detail = f"{tree.size - frontier.size} {said} are missing after {last or 'the beginning'}"
        raise AuditFailed(Difference("missing", last or stream, detail))
    if frontier.root() != from_base64(tree.root):
        detail = f"one or more {said} are other than was signed: altered, removed or added"
        raise AuditFailed(Difference("altered", stream, detail))
    return frontier.size


def _adds(accepted: DecisionLog, line: Shown) -> bool:
    """Whether every reader accepts the record: only those are leaves."""
    try:
        return bool(accepted.accept(line.record))
    except UnreadableRecord:
        return False


def _stream(position: str) -> str:
    return position.rpartition("/")[0]


def _up_to(found: Iterator[Leaf], passed: InclusionPass) -> Iterator[Leaf]:
    """The leaves of the tree, handed to `passed` on the way."""
    for leaf in found:
        if passed.seen == passed.size:
            return
        passed.append(leaf_hash(leaf.value))
        yield leaf
