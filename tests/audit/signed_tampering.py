"""Ways to tamper with a ledger that signs checkpoints, beside those of the log alone.

Here whoever tampers may run all processors again, and compute every hash anew: what they write
follows from what they changed. A checkpoint shows it, one that stands in the log or one that was
kept. What must be named is worked out from the records before and after, tree by tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from audit.signed import read_signed
from events import decisions as facts
from events import topics
from events.codec import encode
from events.decisions import DecisionRecord, StoredDecision
from events.decisions.record import Origin
from events.position import Record
from events.sealing import SubjectKey
from tests.audit.memory import MemoryLedger
from tests.audit.places import Find, Place, at, made_of, source
from tests.audit.scene import TERMS, found, paid
from tests.audit.signing_scene import Signing
from tests.audit.tampering import (
    CLICK,
    CREDITED,
    DEAL,
    DUE,
    LAST_DEAL,
    SETTLED,
    TERMS_ADDED,
    TOLD,
    Tampering,
    altered,
    moved,
    rekeyed,
    retimed,
    truncated,
)

SUBJECT = SubjectKey("0123456789abcdef", "partner:ann", b"s" * 32)
Named = set[tuple[str, str]]
"""(kind, position)"""


class SignedWay(NamedTuple):
    name: str
    do: Tampering
    also: tuple[tuple[str, Place], ...] = ()
    """What the replay names besides the trees: (kind, place)."""
    kinds: tuple[str, ...] = ("rewritten",)
    """What is said of the trees; nothing, where no tree covers what was changed."""

    def on_trees(self, before: MemoryLedger, tampered: MemoryLedger) -> Named:
        """What a checkpoint over all of it must say, kept or in the log."""
        return set(_trees(before, tampered))

    def on_log(self, before: MemoryLedger, tampered: MemoryLedger) -> Named:
        """What must be said of the log without any checkpoint."""
        return {(kind, one) for kind, place in self.also for one in place.of(before, tampered)}


def whole() -> Signing:
    """A paid ledger with sealed names, an API key and origins; three checkpoints, two keys."""
    ledger = MemoryLedger()
    sealed = facts.PartnerRegistered("ann", SUBJECT.seal("Ann Doe"))
    ledger.decide("partner:ann", "partner.registered", sealed)
    issued = facts.ApiKeyIssued("shop", "ann", sha256(b"secret").hexdigest(), "root")
    state = msgspec.Raw(msgspec.json.encode(issued))
    stored = StoredDecision("api-key:shop", 1, "api_key.issued", state)
    origin = Origin("cli", "root", "root@host")
    ledger.now, ledger.known = ledger.now + 1, ledger.known + 1
    value = encode(DecisionRecord((stored,), origin))
    ledger.log.append(topics.DECISIONS, "api-key:shop", value, ledger.now)
    signing = Signing(paid(ledger))
    signing.sign(1 / 3)
    signing.sign(2 / 3)
    signing.rotate()
    signing.sign()
    return signing


def flipped(find: Find, upto: str, bit: int = 0) -> Tampering:
    """One bit, in the last byte of a text that the record holds."""

    def do(ledger: MemoryLedger) -> None:
        position = found(ledger.log, *find)
        value = bytearray(ledger.log.read_one(position).value or b"")
        value[bytes(value).index(upto.encode()) + len(upto) - 1] ^= 1 << bit
        ledger.log.replace(position, value=bytes(value))

    return do


def retold(do: Tampering) -> Tampering:
    """And all that follows from it, by honest processors; checkpoints and decisions stay."""

    def told(ledger: MemoryLedger) -> None:
        do(ledger)
        ledger.process()

    return told


def stated(find: Find, **changes: Any) -> Tampering:
    """Fields of what a decision says."""

    def do(ledger: MemoryLedger) -> None:
        position = found(ledger.log, *find)
        said = msgspec.json.decode(ledger.log.read_one(position).value or b"")
        said["events"][0]["state"] |= changes
        ledger.log.replace(position, value=msgspec.json.encode(said))

    return do


def rechained(ledger: MemoryLedger) -> None:
    """An entry's amounts, and the hashes of all that come after it in its account."""
    start = found(ledger.log, *SECOND_SALE)
    held = ledger.log.records[start.topic, start.partition]
    head = ""
    for record in held[start.offset :]:
        entry = msgspec.json.decode(record.value or b"")
        if entry["partner"] != "jane":
            continue
        if record.offset == start.offset:
            entry["base"] += 7
        else:
            entry["previous"] = head
        value = msgspec.json.encode(entry)
        head = sha256(value).hexdigest()
        ledger.log.replace(record.position, value=value)


def cut_with_all_that_follows(ledger: MemoryLedger) -> None:
    truncated(LAST_DEAL)(ledger)
    ledger.process()


def inserted_terms(ledger: MemoryLedger) -> None:
    """Better terms, where the ones that counted stand, in force from the beginning."""
    rules = tuple(msgspec.structs.replace(rule, amount=rule.amount * 2) for rule in TERMS.rules)
    better = msgspec.structs.replace(TERMS, rules=rules)
    stated(TERMS_ADDED, terms=msgspec.to_builtins(better))(ledger)
    ledger.process()


def emptied_topic(topic: str) -> Tampering:
    def do(ledger: MemoryLedger) -> None:
        for (name, _), held in ledger.log.records.items():
            if name == topic:
                held.clear()

    return do


SEALED = (topics.DECISIONS, "sealed:1:")
ISSUED = (topics.DECISIONS, "api_key.issued")
NAMED = (topics.DECISIONS, '"partner":"omar","name"')
LINKED = (topics.DECISIONS, '"link.created"')
REFUSED = (topics.DECISIONS, "payout.refused")
SECOND_SALE = (topics.JOURNAL, '"deal":"d4"')

WAYS = (
    # What no fold reads
    SignedWay("a bit of a name flipped", flipped(NAMED, '"name":"o', 1)),
    SignedWay("sealed text altered", flipped(SEALED, "sealed:1:0")),
    SignedWay("sealed text exchanged for plain text", stated(SEALED, name="Bob Roe")),
    SignedWay("whose an API key is", stated(ISSUED, person="eve")),
    SignedWay("which secret an API key has", stated(ISSUED, sha256="0" * 64)),
    SignedWay("from where somebody decided", flipped(ISSUED, "root@h")),
    SignedWay("the broker's time of a decision", retimed(NAMED, -1)),
    # History told anew: everything follows, every hash is right
    SignedWay("a deal made larger, and all after it", retold(altered(DEAL, amount=900_000))),
    SignedWay("a deal given to another's click", retold(altered(DEAL, click=None))),
    SignedWay("terms back-dated, and all after them", inserted_terms),
    SignedWay(
        "facts cut off with all that follows from them",
        cut_with_all_that_follows,
        (("payout", at(TOLD)), ("payout", at(REFUSED))),  # told by entries that moved up
        ("rewritten", "truncated"),
    ),
    SignedWay("a fact at another time, and all after it", retold(retimed(DEAL, 1))),
    SignedWay(
        "a fact moved to another partition",
        retold(moved(LAST_DEAL)),
        (),
        ("rewritten", "truncated"),
    ),
    # One topic alone: the log itself says so too
    SignedWay("the journal chained anew", rechained, (("altered", at(SECOND_SALE)),)),
    SignedWay(
        "a bit of a deal flipped", flipped(DEAL, '"deal":"d2'), (("altered", made_of(DEAL)),)
    ),
    SignedWay("a deal under another key", rekeyed(DEAL), (("altered", made_of(DEAL)),)),
    SignedWay("a deal's time", retimed(DEAL, 1), (("altered", made_of(DEAL)),)),
    SignedWay(
        "conversions cut off",
        truncated(LAST_DEAL),
        (("foreign", made_of(LAST_DEAL)),),
        ("truncated",),
    ),
    SignedWay(
        "the journal cut off", truncated(SETTLED), (("missing", source(SETTLED)),), ("truncated",)
    ),
    SignedWay(
        "the whole journal gone",
        emptied_topic(topics.JOURNAL),
        (
            (
                "missing",
                Place(
                    "every partition's first instruction",
                    lambda ledger, _: [
                        f"instructions/{partition}/0"
                        for partition, end in ledger.log.ends(topics.INSTRUCTIONS).items()
                        if end
                    ],
                ),
            ),
        ),
        ("truncated",),
    ),
    # No tree covers these: they follow from what one covers
    SignedWay(
        "a bit of an attribution flipped",
        flipped(CREDITED, '"partner":"j'),
        (("altered", at(CREDITED)),),
        (),
    ),
    SignedWay(
        "a bit of an instruction flipped",
        flipped(DUE, '"deal":"d2'),
        (("altered", made_of(DUE)),),
        (),
    ),
    SignedWay(
        "a bit of a click flipped", flipped(CLICK, '"partner":"j'), (("click", made_of(CLICK)),), ()
    ),
)


def _trees(before: MemoryLedger, now: MemoryLedger) -> Iterator[tuple[str, str]]:
    """By the trees the newest checkpoint signed: from where each is rewritten, or ends too soon."""
    checkpoints = [one.fact for one in read_signed(before.log).checkpoints]
    for name, newest in checkpoints[-1].trees.items():
        topic, _, partition = name.partition("/")
        spot = (topic, int(partition))
        leaf = _entry if topic == topics.JOURNAL else _fact
        was = [leaf(one) for one in before.log.records[spot]][: newest.size]
        found = [leaf(one) for one in now.log.records[spot]][: newest.size]
        first = next((n for n, (a, b) in enumerate(zip(was, found, strict=False)) if a != b), None)
        starts = [0, *(one.trees[name].size for one in checkpoints if name in one.trees)]
        ends = starts[1:]
        for start, end in zip(starts, ends, strict=False):
            if first is not None and start <= first < end <= len(found):
                yield "rewritten", f"{name}/{start}"
                break
            if len(found) < end:
                yield "truncated", f"{name}/{len(found)}"
                break


def _fact(record: Record) -> tuple[int, bytes | None, bytes | None]:
    return record.recorded_at, record.key, record.value


def _entry(record: Record) -> bytes | None:
    return record.value
