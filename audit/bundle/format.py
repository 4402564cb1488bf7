"""The format of a bundle: its members, its manifest, its lines. See docs/bundles.md.

A bundle is a zip file of members in a fixed order, with fixed times and attributes. Records
stand in it as JSON lines with the bytes they have in Kafka. A record that is withheld leaves
its position and its hashes.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from audit.bundle.effect import Effect
from audit.merkle import leaf_hash
from audit.trees import COVERED, fact_bytes
from events import topics
from events.position import Position, Record

FORMAT = "partner-ledger-bundle.v1"
MANIFEST = "manifest.json"
TERMS = "terms.json"
NOTE = "checkpoint.txt"
PROOFS = "proofs/inclusion.jsonl"
RESTS = "rests.jsonl"

RECORDS: dict[str, str] = {
    topic: f"records/{topic}.jsonl"
    for topic in (
        topics.DECISIONS,
        topics.JOURNAL,
        topics.INSTRUCTIONS,
        topics.ATTRIBUTIONS,
        topics.CONVERSIONS,
        topics.CLICKS,
    )
}
"""Topic → the member that holds its records, in the order of partitions and offsets."""

REQUIRED: tuple[str, ...] = (*RECORDS.values(), TERMS, PROOFS, RESTS)
"""Members besides the manifest that every bundle has; `NOTE` only where there is a checkpoint."""

Scope = Literal["auditor", "partner"]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle says of itself. Its SHA-256 names the bundle."""

    format: str
    ledger: str
    """Id of the Kafka cluster."""
    scope: Scope
    payout: str
    partner: str
    program: str
    partitions: dict[str, Annotated[int, Meta(ge=1)]]
    """Topic → its number of partitions."""
    stamps: tuple[tuple[int, int, int], ...]
    """(partition of `instructions`, offset, time): below that offset a record that is not in the
    bundle bears that time, ms, which an entry of the partner's has for its own."""
    counts: dict[str, int]
    """Member of lines → how many it has."""
    sha256: dict[str, str]
    """Member → SHA-256 of its bytes, in hex."""


class Shown(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="record"):
    """A record as it stands in Kafka. Bytes that are no UTF-8 stand in base64."""

    topic: str
    partition: int
    offset: int
    recorded_at: int
    key: str | None = None
    value: str | None = None
    key_base64: str | None = None
    value_base64: str | None = None

    @property
    def position(self) -> str:
        """`topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def record(self) -> Record:
        """The record; raises ValueError for base64 that is none."""
        return Record(
            self.topic,
            self.partition,
            self.offset,
            self.recorded_at,
            _bytes(self.key, self.key_base64),
            _bytes(self.value, self.value_base64),
        )


class Withheld(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="withheld"):
    """What stands for a record that names others."""

    topic: str
    partition: int
    offset: int
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    """Of the record's value, in hex."""
    leaf: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    """Its leaf hash in its partition's Merkle tree, in hex; empty where that has none."""
    numbers: Annotated[int, Meta(ge=0, lt=2**31)] = 0
    """`decisions` only: how many decisions it adds."""
    effect: Effect | None = None
    """`journal` only: what it did to the partner's own account."""

    @property
    def position(self) -> str:
        """`topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


Line = Shown | Withheld


class Inclusion(Struct, frozen=True, forbid_unknown_fields=True):
    """The way from a record to the root of its partition's tree in the checkpoint."""

    position: str
    leaf: int
    """Number of the leaf, from 0."""
    path: tuple[str, ...]
    """Hashes of the audit path (RFC 6962, section 2.1.1), base64, from the leaf to the root."""


Step = Literal["entry", "instruction", "attribution", "click"]
"""What is decided again: an entry from its instruction, an instruction from its attribution or
decision, an attribution from its conversion, and a click that an attribution counts."""


class Rest(Struct, frozen=True, forbid_unknown_fields=True):
    """A step that cannot be decided again from this bundle, for what it rests on is withheld."""

    step: Step
    position: str
    """Of the record that is taken as it says; of a click, the attribution that counts it."""
    why: str


def shown(record: Record) -> Shown:
    """The line of a record."""
    key, key_base64 = _text(record.key)
    value, value_base64 = _text(record.value)
    return Shown(
        record.topic,
        record.partition,
        record.offset,
        record.recorded_at,
        key,
        value,
        key_base64,
        value_base64,
    )


def withheld(record: Record, numbers: int = 0, effect: Effect | None = None) -> Withheld:
    """The line that stands for a record that is left out."""
    return Withheld(
        record.topic,
        record.partition,
        record.offset,
        sha256(record.value or b"").hexdigest(),
        leaf_of(record).hex() if record.topic in COVERED else "",
        numbers,
        effect,
    )


def leaf_of(record: Record) -> bytes:
    """The record's leaf hash in its partition's tree (`audit.trees`), 32 bytes."""
    is_entry = record.topic == topics.JOURNAL
    return leaf_hash((record.value or b"") if is_entry else fact_bytes(record))


def in_order(line: Line) -> tuple[int, int]:
    """Sorting key of the lines of a member."""
    return line.partition, line.offset


def place(line: Line) -> Position:
    """Where the record of a line stands."""
    return Position(line.topic, line.partition, line.offset)


def _text(value: bytes | None) -> tuple[str | None, str | None]:
    """(as text, in base64): one of them, or neither for no value."""
    if value is None:
        return None, None
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(value).decode()


def _bytes(text: str | None, in_base64: str | None) -> bytes | None:
    if text is not None:
        return text.encode()
    return None if in_base64 is None else base64.b64decode(in_base64, validate=True)


encode = msgspec.json.Encoder().encode
