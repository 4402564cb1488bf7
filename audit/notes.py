"""A checkpoint's note: the ledger as it stood, in lines a person can read, and signed.

    partner-ledger/MkU3OEVBNTcwNTJENDM2Qk
    checkpoint 12
    conversions/0 84113 gk1a…=
    decisions/0 391 Tm9k…=
    journal/0 91544 9wQe…=
    previous 5f2b…

    — partner-ledger/MkU3OEVBNTcwNTJENDM2Qk ciPN…=

One line a tree: its partition, the number of leaves, its root in base64; sorted by topic and
partition. `previous` is the SHA-256 of the whole note before, signature lines included, or
`none` in the first. The form below the text is that of C2SP's signed notes, so that other
tools can check the signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from msgspec import Struct

from audit.merkle import HASH_BYTES as ROOT_BYTES
from audit.signing import HASH_BYTES, SIGNATURE_BYTES, PublicKey, from_base64, key_name
from events.decisions import Tree

NONE = "none"
HEADING = re.compile(r"partner-ledger/(\S+)")
NUMBER = re.compile(r"checkpoint ([1-9][0-9]{0,17})", re.ASCII)
TREE = re.compile(r"([a-z-]+/(?:0|[1-9][0-9]{0,8})) (0|[1-9][0-9]{0,17}) (\S+)", re.ASCII)
PREVIOUS = re.compile(rf"previous ([0-9a-f]{{64}}|{NONE})")
SIGNATURE = re.compile(r"— (\S+) (\S+)")
MOST_CHARACTERS = 2_000_000
"""Of a note: some 20,000 partitions."""
SHOWN_CHARACTERS = 80
"""How much of a line a message tells."""


class BadNote(ValueError):
    """A text that is no checkpoint's note; says which line, and what was expected there."""


class Signature(Struct, frozen=True):
    """A signature line."""

    name: str
    key_hash: bytes
    signature: bytes


class Note(Struct, frozen=True):
    """What a checkpoint's note says."""

    text: str
    """What was signed."""
    ledger: str
    checkpoint: int
    trees: dict[str, Tree]
    previous: str
    """SHA-256 of the note before in hex; empty in the first."""
    signatures: tuple[Signature, ...]
    whole: str
    """The note as it was given."""

    @property
    def sha256(self) -> str:
        """Of the whole note, in hex: what the next one names as `previous`."""
        return note_sha256(self.whole)

    def signature_of(self, key: PublicKey) -> Signature | None:
        """The signature that claims to be `key`'s; whether it is, `is_signed_by` says."""
        for one in self.signatures:
            if one.name == key.name and one.key_hash == key.key_hash:
                return one
        return None

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether `key` signed this note."""
        found = self.signature_of(key)
        return found is not None and key.verifies(self.text, found.signature)


def note_text(ledger: str, checkpoint: int, trees: Mapping[str, Tree], previous: str) -> str:
    """The text of a note, to be signed."""
    lines = [key_name(ledger), f"checkpoint {checkpoint}"]
    for name in sorted(trees, key=by_partition):
        lines.append(f"{name} {trees[name].size} {trees[name].root}")
    lines.append(f"previous {previous or NONE}")
    return "".join(f"{line}\n" for line in lines)


def note_sha256(note: str) -> str:
    """SHA-256 of a whole note, in hex."""
    return sha256(note.encode()).hexdigest()


def by_partition(name: str) -> tuple[str, int]:
    """The order of trees: by topic, then by the partition's number."""
    topic, _, partition = name.rpartition("/")
    return topic, int(partition)


def parse_note(whole: str) -> Note:
    """What a note says; raises BadNote. Nothing of it counts before its signature was checked."""
    # As editors and mail programs keep it: other line ends, blank lines around it.
    whole = whole.removeprefix("\ufeff").replace("\r\n", "\n").strip() + "\n"
    if len(whole) > MOST_CHARACTERS:
        raise BadNote(f"a note has at most {MOST_CHARACTERS:,} characters")
    head, blank, below = whole.rpartition("\n\n")
    if not blank:
        raise BadNote("no blank line: expected a note's text, a blank line, its signature")
    text = head + "\n"
    lines = enumerate(head.split("\n"), 1)
    ledger = _line(lines, HEADING, "partner-ledger/<cluster id>")[1]
    checkpoint = int(_line(lines, NUMBER, "checkpoint <number>")[1])
    trees: dict[str, Tree] = {}
    previous = ""
    for number, line in lines:
        if found := TREE.fullmatch(line):
            root = from_base64(found[3])
            if root is None or len(root) != ROOT_BYTES:
                raise BadNote(f"line {number}: {found[3]!r} is no root; expected 32 bytes, base64")
            if found[1] in trees:
                raise BadNote(f"line {number}: {found[1]} stands there twice")
            trees[found[1]] = Tree(int(found[2]), found[3])
        elif found := PREVIOUS.fullmatch(line):
            previous = found[1]
            break
        else:
            raise BadNote(
                f"line {number} {_quoted(line)}: expected <topic>/<partition> <size> <root>, or "
                "previous <sha256 of the note before>"
            )
    for number, line in lines:
        raise BadNote(f"line {number} {_quoted(line)}: nothing follows `previous`")
    if not previous:
        raise BadNote("no line `previous`: the note is cut off")
    previous = "" if previous == NONE else previous
    if note_text(ledger, checkpoint, trees, previous) != text:
        raise BadNote("its lines are not in a note's order: by topic, then by partition")
    return Note(text, ledger, checkpoint, trees, previous, _signatures(below), whole)


def _line(lines: Iterator[tuple[int, str]], shape: re.Pattern[str], expected: str) -> re.Match[str]:
    number, line = next(lines, (0, ""))
    found = shape.fullmatch(line)
    if found is None:
        raise BadNote(f"line {number or 'after the last'} {_quoted(line)}: expected {expected}")
    return found


def _quoted(line: str) -> str:
    """The line as a message tells it; of a file that is no note it may be all of its bytes."""
    return repr(line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…")


def _signatures(below: str) -> tuple[Signature, ...]:
    found = []
    for line in below.removesuffix("\n").split("\n"):
        said = SIGNATURE.fullmatch(line)
        raw = from_base64(said[2]) if said else None
        if said is None or raw is None or len(raw) < HASH_BYTES:
            raise BadNote(f"signature line {_quoted(line)}: expected — <name> <base64>")
        if len(raw) == HASH_BYTES + SIGNATURE_BYTES:  # others are of another kind of key
            found.append(Signature(said[1], raw[:HASH_BYTES], raw[HASH_BYTES:]))
    if not found:
        raise BadNote("no ed25519 signature")
    return tuple(found)
