"""Inserts that wait: each for its own record to be read back, and for nothing else."""

from __future__ import annotations

import heapq
import threading
from itertools import count


class Wait:
    """What one insert waits for. `end` it once; `problem` then says what went wrong."""

    __slots__ = ("_ended", "offset", "problem")

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.offset = -1
        """Of its record, once the broker has said it."""
        self.problem = ""

    def end(self, problem: str = "") -> None:
        """Let the insert go on; `problem` is empty when its record was read back."""
        self.problem = problem
        self._ended.set()

    def ended(self, seconds: float) -> bool:
        """Wait at most `seconds`; whether it ended."""
        return self._ended.wait(seconds)


class Waits:
    """The waits whose records the broker has taken, by offset. Not thread-safe: `SharedLog`
    has the lock."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Wait]] = []
        self._order = count()

    def add(self, wait: Wait) -> None:
        """Wait for the record at `wait.offset`."""
        heapq.heappush(self._heap, (wait.offset, next(self._order), wait))

    def read_to(self, next_offset: int) -> None:
        """End those whose records stand below `next_offset`."""
        while self._heap and self._heap[0][0] < next_offset:
            heapq.heappop(self._heap)[2].end()

    def fail(self, problem: str) -> None:
        """End them all: nothing will be read any more."""
        for _, _, wait in self._heap:
            wait.end(problem)
        self._heap.clear()
