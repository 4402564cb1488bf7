"""A told life, in Kafka: what a command or the gateway reads of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from events import topics
from events.codec import decode, encode
from events.conversions import conversion_key
from events.decisions import DecisionRecord, StoredDecision
from events.log import Writer
from events.settings import Broker
from tests.as_of.lives import AHEAD, Late, lived
from tests.conftest import TEST_PARTITIONS
from tests.projections import world as worlds
from tests.projections.world import World

LIFE: list[Any] = [
    ("sale", "dave", 20_000, "bob", 0),
    ("wait", 9),
    ("sale", "carol", 30_000, "alice", 4),  # late
    ("sale", "dave", 44_444, "bob", 2),  # late
    ("wait", 3),
    ("payout", "requested", "po-0", "alice", 0, ""),
    ("payout", "settled", "po-0", "alice", 0, ""),
    ("sale", "carol", 50_000, "alice", 15),  # late
    ("back", 0, 7_000, 4),  # of it
    ("review", "held", 2),
    ("wait", 3),
    ("review", "released", 2),
    ("adjust", 2, 77),
    ("assign", 1, "alice"),
    ("sale", "dave", 4_444, "bob", AHEAD),
    ("wait", 20),
    ("back", 3, 10_000, 25),
    ("review", "rejected", 2),
    ("adjustment", "adjustment", "a-0", "alice", 250),
]


def told(engine: str) -> Late:
    """Of alice and bob: what arrived late, was refunded, held, corrected, assigned, rejected."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(worlds, "PARTITIONS", TEST_PARTITIONS)
        return lived(engine, LIFE)


def write(world: World, broker: Broker) -> None:
    """Every record, in its partition and order; in the journal some stand there twice."""
    writer = Writer(broker)
    for decision in world.decisions:
        stored = StoredDecision(
            "test", decision.version, decision.name, msgspec.Raw(decision.state)
        )
        writer.append(topics.DECISIONS, key="test", value=encode(DecisionRecord((stored,))))
    writer.flush()
    write_but_decisions(world, broker)


def write_but_decisions(world: World, broker: Broker) -> None:
    """As `write`, for a ledger that has decided itself who takes part."""
    writer = Writer(broker)
    for partition, values in world.conversions.items():
        for value in values:
            found = decode(topics.CONVERSIONS, value)
            key = conversion_key(found.program, found.customer)
            writer.append(topics.CONVERSIONS, key=key, value=value, partition=partition)
    for topic, logs in (
        (topics.ATTRIBUTIONS, world.attributions),
        (topics.INSTRUCTIONS, world.instructions),
        (topics.JOURNAL, world.journal),
    ):
        for partition, values in logs.items():
            for number, value in enumerate(values):
                writer.append(topic, key="test", value=value, partition=partition)
                if topic == topics.JOURNAL and number % 3 == 1:
                    writer.append(topic, key="test", value=value, partition=partition)
    writer.flush()
