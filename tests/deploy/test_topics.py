"""Topics are created with the ledger's settings, and refused without them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from deploy import DeployError
from deploy.topics import check_cluster, create_topics, topic_settings
from events.settings import Broker, Settings
from events.topics import CLICKS, JOURNAL, TOPICS, retention_problem
from tests.conftest import TEST_PARTITIONS, fresh_topics

pytestmark = pytest.mark.broker


def set_topic(broker: Broker, topic: str, name: str, value: str) -> None:
    """Change one setting of a topic, as an operator might."""
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    client = AdminClient(broker.client())
    for answer in client.incremental_alter_configs([change]).values():
        answer.result(5)


def test_topics_have_the_settings_of_the_ledger(ledger: Settings) -> None:
    client = AdminClient(ledger.broker.client())
    settings = topic_settings(client)
    assert set(settings) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert retention_problem(topic.name, settings[topic.name]) is None
        found = client.list_topics(timeout=5).topics[topic.name]
        assert len(found.partitions) == topic.partitions(TEST_PARTITIONS)
    assert settings[JOURNAL]["flush.messages"] == "1"
    assert settings[CLICKS]["flush.messages"] != "1"


def test_existing_topics_keep_their_partitions(ledger: Settings) -> None:
    assert create_topics(ledger.broker, partitions=9) == []
    found = AdminClient(ledger.broker.client()).list_topics(timeout=5)
    assert len(found.topics[JOURNAL].partitions) == TEST_PARTITIONS


def test_a_topic_that_would_delete_the_ledger_is_refused(ledger: Settings) -> None:
    set_topic(ledger.broker, JOURNAL, "retention.ms", "604800000")
    with pytest.raises(DeployError, match=r"topic journal: retention\.ms=604800000, must be -1"):
        create_topics(ledger.broker)


def test_another_cluster_is_refused(broker: Broker, tmp_path: Path) -> None:
    identity = check_cluster(tmp_path, broker)
    assert check_cluster(tmp_path, broker) == identity
    (tmp_path / "cluster-id").write_text("MkU3OEVBNTcwNTJENDM2Qk\n")
    with pytest.raises(DeployError, match=f"{identity}.*MkU3OEVBNTcwNTJENDM2Qk"):
        check_cluster(tmp_path, broker)


def test_no_broker_says_what_to_do() -> None:
    with pytest.raises(DeployError, match="PLEDGER_BROKER"):
        create_topics(Broker("127.0.0.1:9"), seconds=0.5)


def test_fresh_topics_are_empty_and_quick(ledger: Settings) -> None:
    """The fixture every other test stands on: old records never show in the next test."""
    for turn in range(5):
        producer = Producer(ledger.broker.client(acks="all"))
        producer.produce(JOURNAL, f"turn {turn}", partition=0)
        assert producer.flush(5) == 0
        consumer = Consumer(ledger.broker.client(**{"group.id": "fresh"}))
        partition = TopicPartition(JOURNAL, 0)
        assert consumer.get_watermark_offsets(partition, timeout=5) == (0, 1)
        consumer.commit(offsets=[TopicPartition(JOURNAL, 0, 1)], asynchronous=False)
        consumer.close()
        started = time.monotonic()
        fresh_topics(ledger.broker)
        assert time.monotonic() - started < 2
        consumer = Consumer(ledger.broker.client(**{"group.id": "fresh"}))
        assert consumer.get_watermark_offsets(partition, timeout=5) == (0, 0)
        assert consumer.committed([partition], timeout=5)[0].offset < 0
        consumer.close()
