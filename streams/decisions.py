"""The decisions as of now: a Directory that follows the topic `decisions`.

Every process that needs to know programs, terms, partners and links follows the whole
topic (one partition, a total order) and so holds the same numbers as everybody else.
"""

from __future__ import annotations

import logging
import threading
import time

from events.codec import UnreadableRecord
from events.first_wins import DecisionLog
from events.log import LogError, Tail
from events.position import Record
from events.settings import Broker
from events.topics import DECISIONS
from projections.directory import Directory

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 60.0
"""How long reading to the end of `decisions` may stand still before it is an error."""


class DirectoryFollower:
    """A `Directory` fed from the log. Its methods may be called from any thread.

    `directory` itself is only changed by these methods: a thread that reads it while
    another one calls them may see a later state, never one out of order.
    """

    def __init__(self, broker: Broker) -> None:
        self.directory = Directory()
        self._broker = broker
        self._log = DecisionLog()
        self._tail = Tail(broker, DECISIONS, 0)
        self._lock = threading.Lock()

    def refresh(self) -> int:
        """Read all that stands in the log as of now; the number of decisions (`known`).

        Raises LogError when the broker does not answer, or nothing comes for
        `READ_TIMEOUT_S`.
        """
        with self._lock:
            end = self._tail.end()
            deadline = time.monotonic() + READ_TIMEOUT_S
            while self._log.next_offset < end:
                if self._take(0.5):
                    deadline = time.monotonic() + READ_TIMEOUT_S
                elif time.monotonic() > deadline:
                    raise LogError(
                        f"{DECISIONS}/0: stuck at offset {self._log.next_offset} of {end} "
                        f"for {READ_TIMEOUT_S:g} s; is the broker reachable?"
                    )
            return self.directory.count

    def poll(self, timeout: float = 0.0) -> int:
        """Apply what has come, waiting up to `timeout` seconds for the first; the count."""
        with self._lock:
            self._take(timeout)
            return self.directory.count

    def wait_for(self, known: int, timeout: float) -> bool:
        """True once decision `known` is applied; False if it has not come in `timeout` s."""
        deadline = time.monotonic() + timeout
        while self.directory.count < known:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.poll(min(left, 0.2))
        return True

    def close(self) -> None:
        with self._lock:
            self._tail.close()

    def _take(self, timeout: float) -> bool:
        try:
            records = self._tail.poll(timeout)
            for record in records:
                self._apply(record)
        except LogError:
            # What was fetched behind the error is gone from the tail: read it again.
            self._tail.close()
            self._tail = Tail(self._broker, DECISIONS, 0, self._log.next_offset)
            raise
        return bool(records)

    def _apply(self, record: Record) -> None:
        if record.offset > self._log.next_offset:
            raise LogError(
                f"{record.position}: the record after offset {self._log.next_offset - 1} is gone; "
                "decisions must be kept for ever (retention.ms=-1, no compaction)"
            )
        try:
            accepted = self._log.accept(record)
        except UnreadableRecord as problem:
            # It counts as read and adds nothing; the relay writes the dead letter.
            log.warning("not a decision, ignored: %s", problem)
            return
        for decision in accepted:
            self.directory.apply(decision)
