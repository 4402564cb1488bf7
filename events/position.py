"""Where a record stands: topic, partition and offset, written `topic/partition/offset`.

Every derived record cites its evidence by such positions. They are kept as text in
the records (short, readable, comparable), and parsed only where somebody walks back.
"""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """The place of a record in the log."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The inverse of `str`; raises ValueError naming the text and the form expected."""
        try:
            topic, partition, offset = text.rsplit("/", 2)
            return cls(topic, int(partition), int(offset))
        except ValueError:
            raise ValueError(
                f"{text!r} is not a position; expected topic/partition/offset, "
                "for example journal/3/1842"
            ) from None


class Record(NamedTuple):
    """A Kafka record as read: coordinates, the broker's time and the bytes."""

    topic: str
    partition: int
    offset: int
    recorded_at: int
    """Milliseconds since 1970 UTC, stamped by the broker (`LogAppendTime`)."""
    key: bytes | None
    value: bytes | None

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(self.topic, self.partition, self.offset)
