"""The log: writing that is acknowledged, reading ranges, and following the end.

    writer = Writer(broker)                    # idempotent, acks=all
    writer.append("clicks", key="link-1", value=encode(click)); writer.flush()

    for record in read(broker, "journal", 3): …          # up to the end as of now
    tail = Tail(broker, "decisions", 0); tail.poll(0.5)  # follows, wakes at once

Positions are the reader's own: nothing here commits an offset.
"""

from events.log.connection import METADATA_TIMEOUT_S, LogError, to_record
from events.log.following import Tail
from events.log.reading import (
    BATCH,
    offset_at,
    partitions,
    read,
    read_batches,
    read_one,
    watermarks,
)
from events.log.writing import Writer

__all__ = [
    "BATCH",
    "METADATA_TIMEOUT_S",
    "LogError",
    "Tail",
    "Writer",
    "offset_at",
    "partitions",
    "read",
    "read_batches",
    "read_one",
    "to_record",
    "watermarks",
]
