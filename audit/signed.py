"""What the ledger signed: its signing keys and checkpoints, as `decisions` tells of them.

A *place* counts the accepted records of `decisions` from 0: it is the record's leaf in the
tree of `decisions/0`. A checkpoint knows the decisions whose places are below the size of
that tree in it, and no others. So a key that was retired while another process was signing
with it is no fault: a checkpoint that knows of the retirement is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec
from msgspec import Struct, field

from aggregates.checkpoints import Checkpoints, shrunk
from aggregates.signing_keys import SigningKeys
from audit.difference import Difference
from audit.log import Log
from audit.notes import BadNote, note_sha256, parse_note
from audit.read import Progress, counted
from audit.signing import PUBLIC_BYTES, PublicKey, from_base64, key_name, vouching_text
from audit.trees import leaves
from events import topics
from events.decisions import CheckpointSigned, Decision, SigningKeyAdded, SigningKeyRetired

DECISIONS = f"{topics.DECISIONS}/0"
NAMES = {
    "signing_key.added": SigningKeys.create_id(),
    "signing_key.retired": SigningKeys.create_id(),
    "checkpoint.signed": Checkpoints.create_id(),
}
"""Decisions on keys and checkpoints, and the one aggregate that makes them."""


class AddedKey(Struct):
    """A signing key of the ledger."""

    fact: SigningKeyAdded
    position: str
    place: int
    retired: int | None = None
    """Place of its retirement."""
    reason: str = ""

    def retired_before(self, place: int) -> bool:
        """Whether it was retired by a record before `place`."""
        return self.retired is not None and self.retired < place


class Checkpoint(Struct, frozen=True):
    """A checkpoint of the ledger."""

    fact: CheckpointSigned
    position: str
    place: int
    recorded_at: int
    """Milliseconds since 1970 UTC."""

    @property
    def known(self) -> int:
        """How many records of `decisions` it knows."""
        tree = self.fact.trees.get(DECISIONS)
        return 0 if tree is None else tree.size


class Signed(Struct):
    """Keys and checkpoints, as far as `decisions` was read."""

    keys: list[AddedKey] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    wrong: list[Difference] = field(default_factory=list)
    """Records that cannot be what they call themselves."""
    records: int = 0
    """Accepted records so far: the place of the next."""
    unsigned: int = 0
    """Those since the newest checkpoint that are no checkpoints themselves, and not the first
    key: that alone is nothing to sign."""

    def apply(self, decisions: tuple[Decision, ...]) -> None:
        """Take the decisions of the next accepted record."""
        place = self.records
        self.records += 1
        keys, signed = len(self.keys), len(self.checkpoints)
        for decision in decisions:
            if decision.name in NAMES:
                self._apply(decision, place)
        if len(self.checkpoints) > signed:
            self.unsigned = 0
        elif keys or not self.keys:
            self.unsigned += 1

    @property
    def ledger(self) -> str:
        """The id its first checkpoint names; empty before."""
        return self.checkpoints[0].fact.ledger if self.checkpoints else ""

    def key(self, key: str) -> AddedKey | None:
        """A key by its id."""
        return next((one for one in self.keys if one.fact.key == key), None)

    @property
    def current(self) -> AddedKey | None:
        """The key that signs."""
        last = self.keys[-1] if self.keys else None
        return None if last is None or last.retired is not None else last

    def public_key(self, key: AddedKey, ledger: str) -> PublicKey | None:
        """What checks its signatures; None where its text is no ed25519 key."""
        raw = from_base64(key.fact.public_key)
        if raw is None or len(raw) != PUBLIC_BYTES:
            return None
        return PublicKey(key_name(ledger), raw)

    def _apply(self, decision: Decision, place: int) -> None:
        if decision.aggregate != NAMES[decision.name]:
            detail = f"{decision.name} of {decision.aggregate!r}, which makes none"
            self.wrong.append(Difference("foreign", decision.position, detail))
            return
        try:
            fact = decision.fact()
        except msgspec.DecodeError as problem:
            detail = f"{decision.name} cannot be read: {problem}"
            self.wrong.append(Difference("checkpoint", decision.position, detail))
            return
        if isinstance(fact, SigningKeyAdded):
            self.keys.append(AddedKey(fact, decision.position, place))
        elif isinstance(fact, SigningKeyRetired):
            key = self.key(fact.key)
            if key is not None and key.retired is None:
                key.retired, key.reason = place, fact.reason
        elif isinstance(fact, CheckpointSigned):
            self.checkpoints.append(
                Checkpoint(fact, decision.position, place, decision.recorded_at)
            )


def signed_in(decisions: Iterable[Decision]) -> Signed:
    """What was signed, by all accepted decisions from the first on."""
    found = Signed()
    for _, record in groupby(decisions, key=lambda decision: decision.position):
        found.apply(tuple(record))
    return found


def read_signed(log: Log, progress: Progress = lambda records: None) -> Signed:
    """What was signed, up to the log's end as of now."""
    found = Signed()
    records = counted(log.read(topics.DECISIONS, 0), progress)
    for _ in leaves(topics.DECISIONS, records, decided=found.apply):
        pass
    return found


def false_keys(signed: Signed, ledger: str) -> Iterator[Difference]:
    """Keys that are not what they say, or that a key vouches for which does not.

    A key without a voucher is none of them: a ledger that lost its key goes on with a new one.
    """
    for number, key in enumerate(signed.keys):
        fact, position = key.fact, key.position
        public = signed.public_key(key, ledger)
        if public is None or public.id != fact.key:
            detail = f"signing key {fact.key} is not the hash of its public key in ledger {ledger}"
            yield Difference("signature", position, detail)
            continue
        if not fact.previous:
            continue
        previous = next(
            (one for one in signed.keys[:number] if one.fact.key == fact.previous), None
        )
        if previous is None:
            detail = f"signing key {fact.key} is vouched for by {fact.previous}, which is no key"
            yield Difference("unknown_key", position, detail)
            continue
        if previous.retired_before(key.place):
            detail = (
                f"signing key {fact.key} is vouched for by {fact.previous}, which was retired "
                f"before ({previous.reason})"
            )
            yield Difference("retired_key", position, detail)
            continue
        voucher = signed.public_key(previous, ledger)
        signature = from_base64(fact.signature)
        if voucher is None or not voucher.verifies(vouching_text(ledger, public), signature or b""):
            detail = f"signing key {fact.key}: the signature of {fact.previous} for it is not good"
            yield Difference("signature", position, detail)


def false_checkpoint(signed: Signed, index: int) -> Difference | None:
    """What is wrong with a checkpoint by itself and in its series; None where nothing is."""
    found = signed.checkpoints[index]
    fact, position = found.fact, found.position
    before = signed.checkpoints[index - 1].fact if index else None
    try:
        note = parse_note(fact.note)
    except BadNote as problem:
        return Difference("checkpoint", position, f"its note cannot be read: {problem}")
    said = (note.ledger, note.checkpoint, note.trees, note.previous)
    if said != (fact.ledger, fact.checkpoint, fact.trees, fact.previous):
        detail = f"checkpoint {fact.checkpoint} says other than its note"
        return Difference("checkpoint", position, detail)
    if fact.ledger != signed.ledger:
        detail = f"is of ledger {fact.ledger}, the checkpoints before of {signed.ledger}"
        return Difference("wrong_ledger", position, detail)
    if fact.checkpoint != index + 1:
        detail = f"is checkpoint {fact.checkpoint}; number {index + 1} comes next"
        return Difference("checkpoint", position, detail)
    if fact.previous != (note_sha256(before.note) if before else ""):
        detail = f"checkpoint {fact.checkpoint} names another note for the one before it"
        return Difference("checkpoint", position, detail)
    if before and (smaller := shrunk(before.trees, fact.trees)):
        detail = f"checkpoint {fact.checkpoint}: since the one before, {smaller}"
        return Difference("checkpoint", position, detail)
    key = signed.key(fact.key)
    if key is None or key.place >= found.place:
        detail = f"checkpoint {fact.checkpoint} is signed by {fact.key}, which is no signing key"
        return Difference("unknown_key", position, detail)
    if key.retired_before(found.known):
        detail = (
            f"checkpoint {fact.checkpoint} is signed by {fact.key}, which was retired before "
            f"({key.reason})"
        )
        return Difference("retired_key", position, detail)
    public = signed.public_key(key, fact.ledger)
    if public is None or not note.is_signed_by(public):
        detail = f"checkpoint {fact.checkpoint}: the signature of {fact.key} is not good"
        return Difference("signature", position, detail)
    return None
