"""How a ledger is: its parts, its topics' ends, each processor's lag, the warehouse's.

A record is *behind* by as many records as its topic has beyond the position reached: for
a processor the offset its consumer group committed (a figure for people: nothing else
trusts it), for the warehouse the position its own tables hold.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from deploy import DeployError, health
from deploy.running import RunningPart, read_parts, supervisor_of
from deploy.topics import connect
from events.settings import Settings, Warehouse
from events.topics import (
    ATTRIBUTIONS,
    CLICKS,
    CONVERSIONS,
    DEAD_LETTERS,
    DECISIONS,
    INSTRUCTIONS,
    JOURNAL,
    TOPICS,
)

SECONDS = 3.0
GROUP = "pledger-{}"

READS: dict[str, tuple[str, ...]] = {
    "attribution": (CONVERSIONS,),
    "relay": (ATTRIBUTIONS, DECISIONS),
    "posting": (INSTRUCTIONS,),
    "payouts": (JOURNAL,),
    "warehouse": (CLICKS, CONVERSIONS, DECISIONS, ATTRIBUTIONS, JOURNAL, DEAD_LETTERS),
}
"""The topics each processor takes its input from, by the name of the processor."""

Ends = dict[str, dict[int, int]]
"""The next offset of every partition, by topic."""


@dataclass
class PartStatus:
    name: str
    healthy: bool
    problem: str | None
    address: str
    pid: int | None = None
    restarts: int = 0
    up_seconds: float | None = None


@dataclass
class Status:
    """Everything `pledger status` shows; lags are in records."""

    home: str
    supervisor: int | None
    healthy: bool
    parts: list[PartStatus]
    cluster_id: str | None = None
    topics: dict[str, dict[str, Any]] = field(default_factory=dict)
    processors: dict[str, dict[str, int]] = field(default_factory=dict)
    warehouse_behind: dict[str, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_status(settings: Settings) -> Status:
    """Ask every part; what does not answer is a problem in the answer, not an error."""
    supervisor = supervisor_of(settings.home)
    running = read_parts(settings.home).parts if supervisor is not None else ()
    parts = [of_process(part) for part in running]
    named = {part.name for part in parts}
    if "broker" not in named:
        problem = health.broker_problem(settings.broker)
        parts.append(PartStatus("broker", problem is None, problem, settings.broker.servers))
    if "warehouse" not in named:
        parts.append(of_warehouse(settings.warehouse))
    if "gateway" not in named:
        problem = health.gateway_problem(settings.gateway)
        parts.append(PartStatus("gateway", problem is None, problem, settings.gateway))
    found = Status(str(settings.home), supervisor, all(part.healthy for part in parts), parts)
    if next(part for part in parts if part.name == "broker").healthy:
        add_log(found, settings)
    return found


def of_process(part: RunningPart) -> PartStatus:
    return PartStatus(
        name=part.name,
        healthy=part.healthy,
        problem=part.problem,
        address=part.address,
        pid=part.pid,
        restarts=part.restarts,
        up_seconds=round(time.time() - part.started, 1),
    )


def of_warehouse(warehouse: Warehouse) -> PartStatus:
    problem = health.warehouse_problem(warehouse)
    address = f"{warehouse.host}:{warehouse.port}/{warehouse.database}"
    return PartStatus("warehouse", problem is None, problem, address)


def add_log(status: Status, settings: Settings) -> None:
    """The topics' ends and how far behind them everybody is."""
    try:
        client, metadata = connect(settings.broker, SECONDS)
        status.cluster_id = str(metadata.cluster_id)
        ends = topic_ends(client, [t.name for t in TOPICS if t.name in metadata.topics])
        status.topics = {
            topic: {"partitions": len(by), "records": sum(by.values()), "ends": list(by.values())}
            for topic, by in ends.items()
        }
        for processor, topics in READS.items():
            committed = committed_offsets(client, GROUP.format(processor))
            status.processors[processor] = {
                topic: behind(ends[topic], committed.get(topic, {}))
                for topic in topics
                if topic in ends
            }
        positions = warehouse_positions(settings.warehouse)
        if positions is not None:
            status.warehouse_behind = {
                topic: behind(ends[topic], positions.get(topic, {}))
                for topic in READS["warehouse"]
                if topic in ends
            }
    except (DeployError, KafkaException) as error:
        status.healthy = False
        for part in status.parts:
            if part.name == "broker":
                part.healthy, part.problem = False, str(error)


def behind(ends: dict[int, int], reached: dict[int, int]) -> int:
    """Records between the positions reached and the ends, over all partitions."""
    return sum(max(0, end - reached.get(partition, 0)) for partition, end in ends.items())


def topic_ends(client: AdminClient, topics: list[str]) -> Ends:
    """The next offset of every partition of `topics`."""
    found = client.list_topics(timeout=SECONDS).topics
    asked = {
        TopicPartition(topic, partition): OffsetSpec.latest()
        for topic in topics
        for partition in sorted(found[topic].partitions)
    }
    ends: Ends = {topic: {} for topic in topics}
    if asked:
        for place, answer in client.list_offsets(asked, request_timeout=SECONDS).items():
            ends[place.topic][place.partition] = answer.result(SECONDS).offset
    return ends


def committed_offsets(client: AdminClient, group: str) -> Ends:
    """The offsets a consumer group committed; empty for a group nobody has seen."""
    asked = client.list_consumer_group_offsets(
        [ConsumerGroupTopicPartitions(group)], request_timeout=SECONDS
    )
    try:
        places = asked[group].result(SECONDS).topic_partitions
    except KafkaException:
        return {}
    committed: Ends = {}
    for place in places:
        if place.offset >= 0:
            committed.setdefault(place.topic, {})[place.partition] = place.offset
    return committed


def warehouse_positions(warehouse: Warehouse) -> Ends | None:
    """The next offset of each partition by the warehouse's own tables, or None if it has none.

    Reads the view `freshness` (topic, partition, next_offset).
    """
    scheme = "https" if warehouse.secure else "http"
    try:
        answer = httpx.post(
            f"{scheme}://{warehouse.host}:{warehouse.port}/",
            params={"database": warehouse.database},
            content=b"SELECT topic, partition, max(next_offset) FROM freshness"
            b" GROUP BY topic, partition FORMAT TSV",
            headers={
                "X-ClickHouse-User": warehouse.username,
                "X-ClickHouse-Key": warehouse.password,
            },
            timeout=SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError:
        return None
    if answer.status_code != 200:
        return None
    positions: Ends = {}
    for line in answer.text.splitlines():
        topic, partition, offset = line.split("\t")
        positions.setdefault(topic, {})[int(partition)] = int(offset)
    return positions
