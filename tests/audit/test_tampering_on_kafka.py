"""A handful of the ways on a real log, read by what reads Kafka."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer

from audit.log import KafkaLog
from events.settings import Settings
from tests.audit.memory import MemoryLedger
from tests.audit.scene import paid, replayed
from tests.audit.tampering import WAYS
from tests.audit.test_checkpoints_on_kafka import stamped
from tests.conftest import fresh_topics

pytestmark = pytest.mark.broker

HANDFUL = (
    "a deal's amount altered",
    "a deal under another key",
    "an instruction in another partition",
    "an entry removed",
    "decisions cut off",
    "a click of another partner",
)
"""One of each topic that is read otherwise, and of each sort: content, key, partition, end."""


def pour(settings: Settings, ledger: MemoryLedger) -> None:
    """The ledger's records into a fresh log, each where it stands and with its time."""
    fresh_topics(settings.broker)
    stamped(settings, "CreateTime")
    producer = Producer({"bootstrap.servers": settings.broker.servers})
    for (topic, partition), records in ledger.log.records.items():
        for one in records:
            producer.produce(topic, one.value, one.key, partition, timestamp=one.recorded_at)
    assert producer.flush(30) == 0


def test_what_is_named_in_memory_is_named_on_kafka(ledger: Settings) -> None:
    ways = [way for way in WAYS if way.name in HANDFUL]
    assert len(ways) == len(HANDFUL)
    for way in ways:
        tampered = paid(MemoryLedger())
        way.apply(tampered)
        pour(ledger, tampered)
        report = replayed(KafkaLog(ledger.broker))
        named = {(one.kind, one.position) for one in report.differences}
        assert named == way.expected(paid(MemoryLedger()), tampered), way.name
