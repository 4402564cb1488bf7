"""Which log this is: what was made from one must never be continued on another."""

from __future__ import annotations

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from events.log.connection import METADATA_TIMEOUT_S, LogError
from events.settings import Broker


def log_identity(broker: Broker, *topics: str) -> str:
    """Cluster id and the ids Kafka gave the topics when they were created.

    Raises LogError when the broker does not answer or a topic does not exist.
    """
    client = AdminClient(broker.client(log_level=4))  # type: ignore[arg-type]
    try:
        cluster = client.list_topics(timeout=METADATA_TIMEOUT_S).cluster_id
        answers = client.describe_topics(
            TopicCollection(list(topics)), request_timeout=METADATA_TIMEOUT_S
        )
        ids = [str(answers[topic].result().topic_id) for topic in topics]
    except KafkaException as problem:
        raise LogError(f"{broker.servers}: topics {', '.join(topics)}: {problem}") from problem
    return "/".join((str(cluster), *ids))
