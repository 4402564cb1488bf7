"""A processor and its folds: one fold for each input partition this worker was given.

A fold turns records of its partition into outputs, and learns from them. What it has
learned counts only once `won` says that its outputs are what the log accepted; a fold
that did not win is thrown away and opened again from the log.
"""

from __future__ import annotations

import logging
import shutil
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from events.log import METADATA_TIMEOUT_S, LogError, Writer, partitions
from events.log.identity import log_identity
from events.position import Record
from events.settings import Broker
from streams.decisions import DirectoryFollower
from streams.patience import Interrupted, answered
from streams.state import State

log = logging.getLogger(__name__)


class Place(NamedTuple):
    """An input partition."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


class Committed(NamedTuple):
    """An offset the consumer group holds, with the tag it was committed with."""

    offset: int
    tag: str


Outputs = dict[tuple[str, int], list[tuple[str | bytes, bytes]]]
"""Topic and partition → keys and values to be written there, in order."""


class Fold(ABC):
    """The fold of one input partition."""

    next_input: int
    """Offset of the next record it takes."""

    def undisturbed(self) -> bool:
        """Whether the log of its outputs ends where it knows it: nobody else wrote."""
        return True

    @abstractmethod
    def decide(self, records: Sequence[Record]) -> Outputs:
        """Fold `records`, which begin at `next_input`; provisional until `won` and `save`."""

    def won(self) -> bool:
        """Whether the outputs, flushed by now, are what the log accepted."""
        return True

    def save(self) -> None:  # noqa: B027 - a fold may have nothing to keep
        """Keep what was learned."""

    def tag(self) -> str:
        """What the committed offset carries, for a fold that resumes from it."""
        return TAG

    def close(self) -> None:  # noqa: B027 - a fold may have nothing to close
        """Give up the partition. Nothing is saved."""


TAG = "pledger"
"""Marks an offset as committed by a processor, after a flush; an operator's reset has none."""


class Processor(ABC):
    """A named processor. All its methods are called from one thread."""

    name: ClassVar[str]
    topics: ClassVar[tuple[str, ...]]
    layout: ClassVar[int] = 1
    """Of the state on disk. Where a release keeps what older ones did not, it is one more, and
    the state is made anew from the log."""

    def __init__(self, broker: Broker, state: Path) -> None:
        """`state`: the worker's own directory."""
        self.broker = broker
        self.state = state / self.name
        self.folds: dict[Place, Fold] = {}
        self.counts: Counter[str] = Counter()
        """read, written, repeated, ahead, unreadable, restarted, overruled: since the process
        began."""
        self.stopping = threading.Event()
        self.writer = Writer(broker, **{"delivery.report.only.error": True})
        self._partitions: dict[str, int] = {}
        self._identities: dict[tuple[str, ...], str] = {}
        # Asks the broker for watermarks; assigned nothing, member of nothing.
        self._asking = Consumer(broker.client(**{"group.id": f"pledger-{self.name}"}))

    @abstractmethod
    def new_fold(self, place: Place, committed: Committed | None) -> Fold:
        """The fold of `place`, brought up to what the log has accepted."""

    def open(self, place: Place, committed: Committed | None) -> Fold:
        """Take a partition; a fold that is open is thrown away and read again."""
        self.close(place)
        fold = answered(
            lambda: self.new_fold(place, committed), f"{self.name}: {place}", self.stopping
        )
        self.folds[place] = fold
        log.info("%s: %s from offset %d", self.name, place, fold.next_input)
        return fold

    def close(self, place: Place) -> None:
        fold = self.folds.pop(place, None)
        if fold is not None:
            fold.close()

    def shut(self) -> None:
        """Close every fold and the connections."""
        for place in list(self.folds):
            self.close(place)
        self._asking.close()

    def open_state(self, place: Place, *output_topics: str) -> State:
        """The state of a fold that reads `place` and writes to `output_topics`."""
        names = (place.topic, *output_topics)
        if names not in self._identities:
            self._identities[names] = log_identity(self.broker, *names)
        name = f"{place.topic}-{place.partition}"
        if self.layout > 1:
            shutil.rmtree(self.state / name, ignore_errors=True)
            name += f".{self.layout}"
        return State(self.state / name, self._identities[names])

    def ends(self, topic: str, partition: int) -> tuple[int, int]:
        """First offset kept and next offset to be written, as the broker says now."""
        spot = TopicPartition(topic, partition)
        low, high = answered(
            lambda: self._asking.get_watermark_offsets(spot, METADATA_TIMEOUT_S),
            f"{topic}/{partition}: where does it end?",
            self.stopping,
        )
        return int(low), int(high)

    def partitions(self, topic: str) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = answered(
                lambda: partitions(self.broker, topic), topic, self.stopping
            )
        return self._partitions[topic]

    def refreshed(self, follower: DirectoryFollower) -> int:
        """How many decisions there are, all of them read by `follower`."""
        return answered(follower.refresh, "decisions", self.stopping)

    def go_on(self) -> None:
        """Raises Interrupted once the worker is told to stop; called between batches."""
        if self.stopping.is_set():
            raise Interrupted(self.name)


def check_follows(place: Place, next_input: int, records: Sequence[Record]) -> None:
    """Raises LogError when records of the partition are missing before or among `records`."""
    if not records or (
        records[0].offset == next_input and records[-1].offset == next_input + len(records) - 1
    ):
        return
    for expected, record in enumerate(records, next_input):
        if record.offset != expected:
            raise LogError(
                f"{place}: offset {expected} is missing, the broker gave {record.offset}; the "
                "ledger's topics must keep every record (retention.ms=-1, cleanup.policy=delete) "
                "and take no transactions, whose markers use up offsets"
            )
