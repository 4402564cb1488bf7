"""A ledger in memory that signs checkpoints while it grows, and the ways to tamper with it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.domain import BaseAggregate
from eventsourcing.persistence import Mapper

from aggregates.application import Decisions
from aggregates.checkpoints import Checkpoints
from aggregates.decision import PlainJSON
from aggregates.signing_keys import AddedKey, SigningKeys
from audit.against import Compared, compare
from audit.checkpointing import Checkpointing
from audit.key_files import KeyFiles
from audit.notes import note_text, parse_note
from audit.rotation import rotate_key
from audit.signed import Signed, read_signed
from audit.signing import PrivateKey, PublicKey, in_base64, key_name
from events import topics
from events.codec import encode
from events.decisions import CheckpointSigned, DecisionRecord, StoredDecision
from events.position import Record
from tests.audit.memory import MemoryLedger, MemoryLog
from tests.audit.scene import sold

LEDGER = "MkU3OEVBNTcwNTJENDM2Qk"


class Seen:
    """A log as it was when only a part of the journal and of the conversions had come."""

    def __init__(self, log: MemoryLog, share: float = 1.0) -> None:
        self.log = log
        self.share = share

    def partitions(self, topic: str) -> int:
        return self.log.partitions(topic)

    def ends(self, topic: str) -> dict[int, int]:
        whole = self.log.ends(topic)
        if topic == topics.DECISIONS:
            return whole
        return {partition: int(end * self.share) for partition, end in whole.items()}

    def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> Iterator[Record]:
        last = self.ends(topic)[partition]
        yield from self.log.read(topic, partition, start, last if end is None else min(end, last))

    def offset_at(self, topic: str, partition: int, at: int) -> int:
        return self.log.offset_at(topic, partition, at)


class MemoryDecisions:
    """The commands on keys and checkpoints, into a log in memory: the real aggregates decide."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._mapper: Mapper[str] = Mapper(PlainJSON())
        self._keys = SigningKeys.empty(SigningKeys.create_id())
        self._checkpoints = Checkpoints.empty(Checkpoints.create_id())

    def signing_keys(self) -> SigningKeys:
        return self._keys

    def add_signing_key(
        self, key: str, public_key: str, previous: str = "", signature: str = "", by: str = ""
    ) -> None:
        self._keys.add(AddedKey(key, public_key, previous, signature), by)
        self._write(self._keys)

    def retire_signing_key(self, key: str, reason: str, by: str = "") -> None:
        self._keys.retire(key, reason, by)
        self._write(self._keys)

    def sign_checkpoint(self, wanted: CheckpointSigned) -> None:
        self._checkpoints.sign(wanted)
        self._write(self._checkpoints)

    def _write(self, aggregate: BaseAggregate[str]) -> None:
        """What it decided, in one record, as the store writes it."""
        stored = [self._mapper.to_stored_event(one) for one in aggregate.collect_events()]
        if not stored:
            return
        events = tuple(
            StoredDecision(
                one.originator_id, one.originator_version, one.topic, msgspec.Raw(one.state)
            )
            for one in stored
        )
        self._ledger.now += 1
        self._ledger.known += len(events)
        self._ledger.log.append(
            topics.DECISIONS, events[0].aggregate, encode(DecisionRecord(events)), self._ledger.now
        )


class Signing:
    """A whole ledger, of which checkpoints are signed at growing shares."""

    def __init__(self, ledger: MemoryLedger | None = None) -> None:
        self.ledger = sold(MemoryLedger()) if ledger is None else ledger
        self.log = self.ledger.log
        self.decisions = MemoryDecisions(self.ledger)
        self.home = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self.home, ignore_errors=True)
        self.keys = KeyFiles(self.home / "keys", LEDGER, {})
        self.seen = Seen(self.log)
        self.signer = self.another_signer()
        self.notes: list[str] = []

    def another_signer(self, cache: str = "cache") -> Checkpointing:
        """One more process, which has nothing in memory; of this home, if it has its cache."""
        return Checkpointing(self.seen, LEDGER, self.keys, self.home / cache)

    def sign(self, share: float = 1.0, signer: Checkpointing | None = None) -> str:
        """The note of a checkpoint over this share of the log; empty if nothing had come."""
        self.seen.share = share
        signed = (signer or self.signer).sign(cast(Decisions, self.decisions))
        if signed is None:
            return ""
        self.notes.append(signed.note)
        return signed.note

    def rotate(self) -> PrivateKey:
        return rotate_key(cast(Decisions, self.decisions), self.keys, LEDGER)

    def signed(self) -> Signed:
        return read_signed(self.log)

    def private(self, number: int = -1) -> PrivateKey:
        """The private key of the ledger's first, second, … key."""
        return self.keys.held()[self.signed().keys[number].fact.key]

    def against(self, note: str, known: PublicKey | None = None) -> Compared:
        return compare(self.log, LEDGER, parse_note(note), known)

    def kinds(self, note: str, known: PublicKey | None = None) -> list[str]:
        """The kinds of the differences that a kept note shows."""
        return [found.kind for found in self.against(note, known).differences]

    def checkpoint_records(self) -> list[Record]:
        """Of `decisions`, in order."""
        held = self.log.records[topics.DECISIONS, 0]
        return [record for record in held if b'"checkpoint.signed"' in (record.value or b"")]


def signing() -> Signing:
    """Three checkpoints, at a third, two thirds and all of the log; the third by a second key."""
    found = Signing()
    found.sign(1 / 3)
    found.sign(2 / 3)
    found.rotate()
    found.sign()
    return found


def stranger() -> PrivateKey:
    """A key of the ledger's name that the ledger knows nothing of."""
    return PrivateKey(key_name(LEDGER), Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def resigned(note: str, key: PrivateKey, **changes: Any) -> str:
    """The note with other content, signed by `key`."""
    said = parse_note(note)
    parts = {
        "ledger": said.ledger,
        "checkpoint": said.checkpoint,
        "trees": said.trees,
        "previous": said.previous,
    }
    return key.sign_note(note_text(**(parts | changes)))


def edit_state(log: MemoryLog, record: Record, **changes: Any) -> None:
    """Change fields of the state of the (only) event of a record of decisions."""
    said = msgspec.json.decode(record.value or b"")
    said["events"][0]["state"] |= changes
    log.replace(record.position, value=msgspec.json.encode(said))


def put_note(log: MemoryLog, record: Record, note: str) -> None:
    """Let the checkpoint in `record` be the one `note` tells of, all fields alike."""
    said = parse_note(note)
    edit_state(
        log,
        record,
        note=note,
        ledger=said.ledger,
        checkpoint=said.checkpoint,
        previous=said.previous,
        key=said.signatures[0].key_hash.hex(),
        trees={name: msgspec.to_builtins(tree) for name, tree in said.trees.items()},
    )


def flipped(root: str) -> str:
    """Another root."""
    return in_base64(bytes(32)) if root != in_base64(bytes(32)) else in_base64(b"\1" * 32)


def longest(log: MemoryLog, topic: str) -> list[Record]:
    """The records of the partition of `topic` that has the most."""
    return max((held for (name, _), held in log.records.items() if name == topic), key=len)
