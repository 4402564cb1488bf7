"""The ledger's topics on a cluster: created once with their settings, checked at each start.

Three things are refused before anything is written: a cluster other than the one this
home's ledger stands in, a topic that would lose records (`events.topics.retention_problem`),
and a single-partition topic that has several. Partition counts are frozen: an existing
topic keeps its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    OffsetSpec,
)

from deploy import DeployError
from events.settings import Broker
from events.topics import EMBEDDED_PARTITIONS, TOPICS, retention_problem

SECONDS = 15.0
"""How long one question to the cluster may take, in seconds."""
REPLICAS_AT_SCALE = 3


def connect(broker: Broker, seconds: float = SECONDS) -> tuple[AdminClient, ClusterMetadata]:
    """A client and what the cluster says of itself; `DeployError` if nobody answers."""
    client = AdminClient(broker.client(log_level=0))
    try:
        return client, client.list_topics(timeout=seconds)
    except KafkaException as error:
        raise DeployError(
            f"no Kafka broker answers at {broker.servers} ({error.args[0].str()}); start one with "
            "`pledger up`, or set PLEDGER_BROKER to the one to use"
        ) from error


def check_cluster(home: Path, broker: Broker) -> str:
    """Compare the cluster's id with the one this home recorded, recording it the first time.

    Returns the id. A port that answers may be another broker's: `DeployError` says both ids.
    """
    _, metadata = connect(broker)
    found = str(metadata.cluster_id)
    record = home / "cluster-id"
    try:
        recorded = record.read_text().strip()
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
        record.write_text(found + "\n")
        return found
    if recorded != found:
        raise DeployError(
            f"{broker.servers} answers as Kafka cluster {found}, but the ledger of {home} is "
            f"in cluster {recorded} ({record}); set PLEDGER_BROKER to that cluster, or "
            "choose another home with --home"
        )
    return found


def create_topics(
    broker: Broker,
    *,
    partitions: int = EMBEDDED_PARTITIONS,
    embedded: bool = True,
    seconds: float = SECONDS,
) -> list[str]:
    """Create the topics that do not exist yet and check all; the names of the new ones.

    `partitions` counts for new topics only. A cluster (`embedded=False`) gets as many
    replicas as it has brokers, three at most. Waits `seconds` for the
    broker's first answer. Raises `DeployError`.
    """
    client, metadata = connect(broker, seconds)
    replicas = 1 if embedded else min(REPLICAS_AT_SCALE, len(metadata.brokers))
    missing = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions(partitions),
            replication_factor=replicas,
            config=topic.config(embedded=embedded),
        )
        for topic in TOPICS
        if topic.name not in metadata.topics
    ]
    if missing:
        answers = client.create_topics(missing, operation_timeout=SECONDS)
        await_answers(answers, "create", tolerate=KafkaError.TOPIC_ALREADY_EXISTS)
        await_leaders(client, [topic.name for topic in TOPICS])
    check_topics(client)
    return [new.topic for new in missing]


def await_leaders(client: AdminClient, topics: list[str]) -> None:
    """Return when every partition answers for its log.

    Metadata names a leader a moment before that broker knows it leads, so each partition
    is asked for its end.
    """
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = client.list_topics(timeout=SECONDS).topics
        if all(name in found and found[name].partitions for name in topics):
            ends = {
                TopicPartition(name, partition): OffsetSpec.latest()
                for name in topics
                for partition in found[name].partitions
            }
            answers = client.list_offsets(ends, request_timeout=SECONDS).values()
            if not any(answer.exception(SECONDS) for answer in answers):
                return
        time.sleep(0.02)
    raise DeployError(f"the topics {', '.join(topics)} have no leader after {SECONDS:g} s")


def check_topics(client: AdminClient) -> None:
    """Refuse topics that could lose the ledger or break its order; `DeployError` lists all."""
    metadata = client.list_topics(timeout=SECONDS)
    missing = [topic.name for topic in TOPICS if topic.name not in metadata.topics]
    if missing:
        raise DeployError(
            f"the cluster has no topics {', '.join(missing)}; create them with: pledger topics"
        )
    problems = [
        f"topic {topic.name}: {len(metadata.topics[topic.name].partitions)} partitions, must be 1 "
        "(its records are in one order)"
        for topic in TOPICS
        if topic.single_partition and len(metadata.topics[topic.name].partitions) != 1
    ]
    for name, config in topic_settings(client).items():
        problem = retention_problem(name, config)
        if problem is not None:
            problems.append(problem)
    if problems:
        raise DeployError(
            "the ledger would not be safe in these topics:\n  "
            + "\n  ".join(problems)
            + "\nMend them with kafka-configs --alter --entity-type topics, then start again."
        )


def topic_settings(client: AdminClient) -> dict[str, Mapping[str, str]]:
    """The settings in force of each topic of the ledger."""
    asked = [ConfigResource(ConfigResource.Type.TOPIC, topic.name) for topic in TOPICS]
    settings: dict[str, Mapping[str, str]] = {}
    for resource, answer in client.describe_configs(asked, request_timeout=SECONDS).items():
        entries = answer.result(SECONDS)
        settings[resource.name] = {name: str(entry.value) for name, entry in entries.items()}
    return settings


def await_answers(answers: Mapping[str, Future[None]], verb: str, *, tolerate: int) -> None:
    """Wait for an admin request on topics; the error code `tolerate` counts as done."""
    for name, answer in answers.items():
        try:
            answer.result(SECONDS)
        except KafkaException as error:
            if error.args[0].code() != tolerate:
                raise DeployError(
                    f"could not {verb} topic {name}: {error.args[0].str()}; the user of "
                    "PLEDGER_BROKER must be allowed to"
                ) from error
