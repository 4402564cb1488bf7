"""A ledger with checkpoints: what is done to it is named by the replay, and by who kept one."""

from __future__ import annotations

import random
from copy import deepcopy
from functools import cache

import msgspec
import pytest

from audit.against import compare
from audit.notes import parse_note
from audit.signed import read_signed
from events import topics
from events.position import Record
from tests.audit.memory import MemoryLedger
from tests.audit.scene import replayed
from tests.audit.signed_tampering import WAYS, Named, SignedWay, whole
from tests.audit.signing_scene import LEDGER, Signing

IDS = [way.name.replace(" ", "-") for way in WAYS]


@cache
def scene() -> Signing:
    return whole()


def in_replay(ledger: MemoryLedger) -> Named:
    return {(found.kind, found.position) for found in replayed(ledger.log).differences}


def by_the_kept(ledger: MemoryLedger) -> Named:
    found = compare(ledger.log, LEDGER, parse_note(scene().notes[-1]))
    return {(one.kind, one.position) for one in found.differences}


def test_nothing_is_named_before() -> None:
    assert in_replay(scene().ledger) == by_the_kept(scene().ledger) == set()


@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_what_was_done_is_named_and_nothing_else(way: SignedWay) -> None:
    before = scene().ledger
    ledger = deepcopy(before)
    way.do(ledger)
    trees, log = way.on_trees(before, ledger), way.on_log(before, ledger)
    assert trees | log
    assert {kind for kind, _ in trees} == set(way.kinds)
    assert in_replay(ledger) == trees | log
    assert by_the_kept(ledger) == trees


@pytest.mark.parametrize("topic", (topics.CONVERSIONS, topics.ATTRIBUTIONS, topics.INSTRUCTIONS,
                                   topics.JOURNAL, topics.DECISIONS))  # fmt: skip
def test_any_bit(topic: str) -> None:
    """Of any record: found, and named where it is, what it is made of, or what is made of it."""
    before = scene().ledger
    chance = random.Random(topic)
    everywhere = [
        record
        for (name, _), held in before.log.records.items()
        for record in held
        if name == topic and not _is_of_the_checkpoints(record)
    ]
    for record in chance.sample(everywhere, min(30, len(everywhere))):
        ledger = deepcopy(before)
        value = bytearray(record.value or b"")
        value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
        ledger.log.replace(record.position, value=bytes(value))
        named = in_replay(ledger)
        assert named, record
        if topic == topics.DECISIONS:  # all may rest on it
            assert any(kind in ("rewritten", "truncated") for kind, _ in named), record
        else:
            assert {position for _, position in named} <= set(near(record)), (named, bytes(value))


def _is_of_the_checkpoints(record: Record) -> bool:
    return record.key in (b"checkpoints", b"signing-keys")


def near(record: Record) -> list[str]:
    """Positions that may be named where this record was changed."""
    log = scene().log
    said = msgspec.json.decode(record.value or b"")
    found = [str(record.position), said.get("source", "")]
    if record.topic in (topics.CONVERSIONS, topics.JOURNAL):
        name = f"{record.topic}/{record.partition}"
        found += [
            f"{name}/{one.fact.trees[name].size}"
            for one in read_signed(log).checkpoints
            if name in one.fact.trees
        ]
        found += [f"{name}/0"]
    for held in log.records.values():
        for other in held:
            if f'"source":"{record.position}"'.encode() in (other.value or b""):
                found.append(str(other.position))
    return found
