"""What there is of a log: its cluster, how many partitions each topic has, where they end."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ClusterMetadata,
    OffsetSpec,
)

from events.log.connection import METADATA_TIMEOUT_S, LogError
from events.settings import Broker


class Cluster:
    """A broker's answers; asked once what does not change, and for all partitions at a time."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._admin = AdminClient(broker.client(log_level=0))  # type: ignore[arg-type]
        self._known: ClusterMetadata | None = None

    def partitions(self, topics: Sequence[str]) -> dict[str, int]:
        """Number of partitions of each topic; raises LogError for one that is not there."""
        return {topic: len(self._metadata(topics).topics[topic].partitions) for topic in topics}

    def identity(self, topics: Sequence[str]) -> str:
        """The cluster's id, and how many partitions each topic has."""
        counts = " ".join(f"{topic}/{count}" for topic, count in self.partitions(topics).items())
        return f"{self._metadata(topics).cluster_id} {counts}"

    def _metadata(self, topics: Sequence[str]) -> ClusterMetadata:
        if self._known is None:
            try:
                self._known = self._admin.list_topics(timeout=METADATA_TIMEOUT_S)
            except KafkaException as problem:
                raise LogError(f"{self._broker.servers}: {problem.args[0].str()}") from problem
        for topic in topics:
            if topic not in self._known.topics:
                raise LogError(f"topic {topic} does not exist on {self._broker.servers}")
        return self._known

    def ends(self, partitions: dict[str, int]) -> dict[str, dict[int, int]]:
        """Topic → partition → the next offset to be written; one question for all."""
        asked = {
            TopicPartition(topic, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
            for topic, count in partitions.items()
            for partition in range(count)
        }
        found: dict[str, dict[int, int]] = {topic: {} for topic in partitions}
        try:
            answers = self._admin.list_offsets(asked, request_timeout=METADATA_TIMEOUT_S)
            for spot, answer in answers.items():
                found[spot.topic][spot.partition] = answer.result(METADATA_TIMEOUT_S).offset
        except KafkaException as problem:
            raise LogError(f"{self._broker.servers}: {problem.args[0].str()}") from problem
        return found
