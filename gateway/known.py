"""The decisions this gateway knows: a directory that follows the log.

`count` goes into every conversion as `known`: whoever folds the record uses the decisions
up to that number. The follower is polled by the event loop itself, a few microseconds each
time, so that no request ever sees a directory that is being changed.
"""

from __future__ import annotations

import asyncio
import logging
import time

from confluent_kafka import KafkaException

from events.log import LogError
from projections.directory import Directory
from streams.decisions import DirectoryFollower

POLL_EVERY_S = 0.01
"""The age a decision may have before this gateway follows it, on top of the broker's time."""

logger = logging.getLogger(__name__)


class Known:
    """Follows the decisions on one event loop, between `start` and `stop`."""

    def __init__(self, follower: DirectoryFollower) -> None:
        self._follower = follower
        self.directory: Directory = follower.directory
        self.problem = ""
        """Why the last poll failed; empty when it did not."""
        self._polling: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """Decisions applied so far, which is also the number of the newest."""
        return self.directory.count

    @property
    def is_following(self) -> bool:
        return self._polling is not None and not self._polling.done() and not self.problem

    def start(self) -> None:
        """Read all decisions there are, then follow; raises LogError without a broker."""
        self._follower.refresh()
        self._polling = asyncio.get_running_loop().create_task(self._follow())

    async def reach(self, number: int, timeout: float = 5.0) -> bool:
        """Wait until decision `number` is applied: who commanded it reads its effect."""
        deadline = time.monotonic() + timeout
        while self.count < number and time.monotonic() < deadline:
            await asyncio.sleep(POLL_EVERY_S / 2)
        return self.count >= number

    async def stop(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        self._follower.close()

    async def _follow(self) -> None:
        while True:
            try:
                self._follower.poll(0.0)
                self.problem = ""
            except (LogError, KafkaException) as problem:
                # The broker is away: what is known stays so, and polling goes on.
                if not self.problem:
                    logger.warning("decisions are not followed: %s", problem)
                self.problem = str(problem)
            except Exception as problem:
                logger.exception("decisions can no longer be followed")
                self.problem = str(problem)
                raise
            await asyncio.sleep(POLL_EVERY_S)
