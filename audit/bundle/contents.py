"""What a bundle holds, from its members and to them.

Reading checks what needs no knowledge of the ledger: the hashes of the members, their counts,
and that each record stands where the member and the order of offsets say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from audit.bundle.archive import BadBundle, digest
from audit.bundle.format import (
    FORMAT,
    MANIFEST,
    NOTE,
    PROOFS,
    RECORDS,
    RESTS,
    TERMS,
    Inclusion,
    Line,
    Manifest,
    Rest,
    Scope,
    Shown,
    Withheld,
    encode,
    in_order,
)
from audit.difference import AuditFailed, Difference

T = TypeVar("T")


class Contents(Struct):
    """A bundle, read."""

    ledger: str
    """Id of the Kafka cluster."""
    scope: Scope
    payout: str
    partner: str
    program: str
    partitions: dict[str, int]
    lines: dict[str, list[Line]]
    """Topic → its records, in the order of partitions and offsets."""
    terms: bytes
    """The member as it stands: see `terms_member`."""
    stamps: tuple[tuple[int, int, int], ...] = ()
    inclusions: tuple[Inclusion, ...] = ()
    rests: tuple[Rest, ...] = ()
    note: str = ""
    """The newest checkpoint; empty: the ledger has none."""

    def withheld(self) -> dict[str, int]:
        """Topic → how many of its records are left out."""
        return {
            topic: sum(isinstance(line, Withheld) for line in lines)
            for topic, lines in self.lines.items()
        }


def members_of(contents: Contents) -> dict[str, bytes]:
    """The members of the bundle, the manifest with their hashes included."""
    members: dict[str, bytes] = {
        RECORDS[topic]: _lines(lines) for topic, lines in contents.lines.items()
    }
    members[TERMS] = contents.terms
    members[PROOFS] = _lines(contents.inclusions)
    members[RESTS] = _lines(contents.rests)
    if contents.note:
        members[NOTE] = contents.note.encode()
    manifest = Manifest(
        format=FORMAT,
        ledger=contents.ledger,
        scope=contents.scope,
        payout=contents.payout,
        partner=contents.partner,
        program=contents.program,
        partitions=contents.partitions,
        stamps=contents.stamps,
        counts={
            name: member.count(b"\n") for name, member in members.items() if name.endswith(".jsonl")
        },
        sha256={name: digest(member) for name, member in members.items()},
    )
    pretty = msgspec.json.format(encode(manifest), indent=2) + b"\n"
    return {MANIFEST: pretty, **members}


def contents_of(members: dict[str, bytes]) -> Contents:
    """What the members say. Raises BadBundle for what is no bundle of this version, and
    AuditFailed for a member that is not what the manifest says, or a record out of place."""
    manifest = _manifest(members[MANIFEST])
    for name in sorted({*manifest.sha256, *members} - {MANIFEST}):
        _compare(name, manifest.sha256.get(name), members.get(name))
    lines: dict[str, list[Line]] = {}
    for topic, name in RECORDS.items():
        lines[topic] = _decoded(name, members[name], Shown | Withheld)
        _check_count(manifest, name, len(lines[topic]))
        _check_places(topic, name, lines[topic], manifest.partitions.get(topic, 0))
    inclusions: list[Inclusion] = _decoded(PROOFS, members[PROOFS], Inclusion)
    rests: list[Rest] = _decoded(RESTS, members[RESTS], Rest)
    _check_count(manifest, PROOFS, len(inclusions))
    _check_count(manifest, RESTS, len(rests))
    return Contents(
        ledger=manifest.ledger,
        scope=manifest.scope,
        payout=manifest.payout,
        partner=manifest.partner,
        program=manifest.program,
        partitions=manifest.partitions,
        lines=lines,
        terms=members[TERMS],
        stamps=manifest.stamps,
        inclusions=tuple(inclusions),
        rests=tuple(rests),
        note=members.get(NOTE, b"").decode(errors="replace"),
    )


def _manifest(member: bytes) -> Manifest:
    try:
        said = msgspec.json.decode(member)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadBundle(f"{MANIFEST} is not JSON: {problem}") from problem
    version = said.get("format") if isinstance(said, dict) else None
    if version != FORMAT:
        raise BadBundle(
            f"{MANIFEST}: the format is {version!r}; this program reads {FORMAT!r}. "
            "Use the version of it that wrote the bundle, or a later one"
        )
    try:
        manifest = msgspec.convert(said, Manifest)
    except msgspec.ValidationError as problem:
        raise BadBundle(f"{MANIFEST}: {problem}") from problem
    for topic in RECORDS:
        if topic not in manifest.partitions:
            raise BadBundle(f"{MANIFEST}: `partitions` does not name {topic}")
    return manifest


def _compare(name: str, expected: str | None, member: bytes | None) -> None:
    if member is None:
        raise BadBundle(f"{name} is missing, and {MANIFEST} names it")
    if expected is None:
        raise BadBundle(f"{MANIFEST} does not name {name}")
    found = digest(member)
    if found != expected:
        detail = f"its SHA-256 is not what {MANIFEST} says: it was altered, or the manifest was"
        raise AuditFailed(Difference("altered", name, detail, expected, found))


def _decoded(name: str, member: bytes, shape: Any) -> list[Any]:
    decoder = msgspec.json.Decoder(shape)
    found = []
    for number, line in enumerate(member.split(b"\n"), 1):
        if not line:
            continue
        try:
            found.append(decoder.decode(line))
            if isinstance(found[-1], Shown):
                _ = found[-1].record
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as problem:
            raise BadBundle(f"{name}, line {number}: {problem}") from problem
    return found


def _check_count(manifest: Manifest, name: str, found: int) -> None:
    said = manifest.counts.get(name)
    if said != found:
        detail = f"has {found} lines; {MANIFEST} says {said}"
        raise AuditFailed(Difference("altered", name, detail, str(said), str(found)))


def _check_places(topic: str, name: str, lines: list[Line], partitions: int) -> None:
    before: tuple[int, int] | None = None
    for line in lines:
        if line.topic != topic or not 0 <= line.partition < partitions or line.offset < 0:
            detail = f"stands in {name}, which holds {topic} of {partitions} partitions"
            raise AuditFailed(Difference("altered", line.position, detail))
        if before is not None and in_order(line) <= before:
            at = f"{topic}/{before[0]}/{before[1]}"
            detail = f"stands after {at} in {name}: records were swapped or repeated"
            raise AuditFailed(Difference("altered", line.position, detail))
        before = in_order(line)


def _lines(found: Iterable[object]) -> bytes:
    return b"".join(encode(one) + b"\n" for one in found)
