"""Which partition a key belongs to: murmur2, as Java's producer and librdkafka compute it.

Producers leave it to librdkafka (`partitioner=murmur2_random`); this is for those who
must know the partition beforehand: the relay, and whoever looks a key up. The number of
partitions of a topic is frozen once it holds records.
"""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=200_000)
def partition_of(key: str, partitions: int) -> int:
    """Partition of `key`; raises ValueError for an empty key, which Kafka would scatter."""
    if not key:
        raise ValueError("an empty key has no partition; every record of the ledger has a key")
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
