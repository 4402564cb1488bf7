"""The topics of the ledger and the settings that keep them for ever.

Every topic is append-only. The broker stamps the time (`LogAppendTime`), so that
`recorded_at` is one clock's. A topic that could delete or compact the ledger is
refused at start: see `retention_problem`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EMBEDDED_PARTITIONS = 8
"""Partitions of the partitioned topics on the embedded broker. Frozen once created:
the partition of a key never changes (see `events.partitioning`)."""

CLICKS = "clicks"
CONVERSIONS = "conversions"
DECISIONS = "decisions"
ATTRIBUTIONS = "attributions"
INSTRUCTIONS = "instructions"
JOURNAL = "journal"
DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True)
class Topic:
    """A topic of the ledger and how it is kept."""

    name: str
    single_partition: bool
    flush_each_write: bool
    """fsync before the acknowledgement, on the embedded broker (0.9 ms a write)."""

    def partitions(self, partitioned: int) -> int:
        return 1 if self.single_partition else partitioned

    def config(self, *, embedded: bool) -> dict[str, str]:
        """Kafka's own settings for this topic."""
        settings = {
            "cleanup.policy": "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "message.timestamp.type": "LogAppendTime",
            "compression.type": "producer",
        }
        if embedded and self.flush_each_write:
            settings["flush.messages"] = "1"
        return settings


TOPICS: tuple[Topic, ...] = (
    Topic(CLICKS, single_partition=False, flush_each_write=False),
    Topic(CONVERSIONS, single_partition=False, flush_each_write=True),
    Topic(DECISIONS, single_partition=True, flush_each_write=True),
    Topic(ATTRIBUTIONS, single_partition=False, flush_each_write=True),
    Topic(INSTRUCTIONS, single_partition=False, flush_each_write=True),
    Topic(JOURNAL, single_partition=False, flush_each_write=True),
    Topic(DEAD_LETTERS, single_partition=True, flush_each_write=True),
)


def retention_problem(topic: str, config: Mapping[str, str]) -> str | None:
    """Why a topic with this configuration would lose the ledger, or None."""
    if config.get("cleanup.policy") != "delete":
        return f"topic {topic}: cleanup.policy={config.get('cleanup.policy')}, must be delete"
    for name in ("retention.ms", "retention.bytes"):
        if config.get(name) != "-1":
            return f"topic {topic}: {name}={config.get(name)}, must be -1 (keep for ever)"
    if config.get("message.timestamp.type") != "LogAppendTime":
        return (
            f"topic {topic}: message.timestamp.type={config.get('message.timestamp.type')}, "
            "must be LogAppendTime"
        )
    return None
