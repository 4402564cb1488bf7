"""What every reader of the log shares: the consumer's settings, and a message as a record."""

from __future__ import annotations

from typing import Any

from confluent_kafka import Consumer

from events.position import Record
from events.settings import Broker

METADATA_TIMEOUT_S = 10.0
"""How long the broker may take to say what there is: topics, partitions, ends."""


class LogError(RuntimeError):
    """The log could not be written or read; says where and what the broker said."""


def open_consumer(broker: Broker, **settings: object) -> Consumer:
    """A consumer whose positions are ours: no group, no commit, and an error where records
    were deleted instead of a silent jump."""
    return Consumer(
        broker.client(
            **{
                "group.id": "unused",  # librdkafka wants a name
                "enable.auto.commit": False,
                "enable.partition.eof": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 50,
                "queued.max.messages.kbytes": 65_536,
                **settings,
            }
        )
    )


def to_record(message: Any) -> Record:
    """A consumed message without an error, as the record it is."""
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
    )


def checked(message: Any, topic: str, partition: int) -> Record:
    """As `to_record`, for whom reads one partition; raises LogError when it is an error."""
    error = message.error()
    if error is not None:
        raise LogError(f"{topic}/{partition}: {error.str()}")
    # Topic and partition are known: two calls fewer for each of millions of records.
    offset, stamp = message.offset(), message.timestamp()[1]
    return Record(topic, partition, offset, stamp, message.key(), message.value())
