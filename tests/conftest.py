"""A real Kafka for the tests: one broker a session, fresh topics a test.

Topic names are fixed (`events.topics`), so a test gets its own log by deleting the seven
topics and creating them again. Deletion is asynchronous: `fresh_topics` waits for it.

`make test` runs two processes, each with a broker of its own; a file's tests stay together.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient

from deploy.kafka import EmbeddedBroker
from deploy.topics import SECONDS, await_answers, create_topics
from events.settings import Broker, Settings, Warehouse
from events.topics import TOPICS

pytest_plugins = ["tests.warehouse_fixture"]

TEST_PARTITIONS = 4


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A Kafka broker of this session, on a free port and in a directory of its own."""
    embedded = EmbeddedBroker(tmp_path_factory.mktemp("kafka"))
    embedded.start()
    try:
        embedded.wait_ready()
        yield embedded.broker
    finally:
        embedded.stop()


@pytest.fixture
def ledger(broker: Broker, tmp_path: Path) -> Settings:
    """An empty ledger: new topics of 4 partitions on the session's broker, a home of its own.

    Its warehouse and gateway have no server: a test that needs one starts it and replaces
    the address (`dataclasses.replace`).
    """
    fresh_topics(broker)
    return Settings(
        home=tmp_path / "home",
        broker=broker,
        warehouse=Warehouse("127.0.0.1", 1),
        gateway="http://127.0.0.1:1",
        broker_is_external=True,
        warehouse_is_external=True,
    )


def fresh_topics(broker: Broker, partitions: int = TEST_PARTITIONS) -> None:
    """Delete the ledger's topics and committed offsets, then create the topics again, empty."""
    client = AdminClient(broker.client(log_level=0))
    names = [topic.name for topic in TOPICS]
    present = [name for name in names if name in client.list_topics(timeout=SECONDS).topics]
    if present:
        answers = client.delete_topics(present, operation_timeout=SECONDS)
        await_answers(answers, "delete", tolerate=KafkaError.UNKNOWN_TOPIC_OR_PART)
        deadline = time.monotonic() + SECONDS
        while set(names) & set(client.list_topics(timeout=SECONDS).topics):
            assert time.monotonic() < deadline, "the topics are still there"
            time.sleep(0.01)
    groups = [group.group_id for group in client.list_consumer_groups().result(SECONDS).valid]
    if groups:
        for answer in client.delete_consumer_groups(groups).values():
            answer.exception(SECONDS)  # a group that still has a member stays: its test leaked it
    create_topics(broker, partitions=partitions)
