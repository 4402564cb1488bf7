"""A processor inside Faust: a service that reads batches, and an agent that takes them.

The service puts what its reader found on an in-memory channel, one round at a time, and
reads on when the agent is done with it. Both run their steps in one thread of the
processor's own. Faust cancels what is under way at shutdown; a thread it cannot cancel,
so a round is finished or was never begun.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import faust
from mode import Service

from streams.checkpoint import checkpoint
from streams.patience import Interrupted
from streams.processor import Processor
from streams.reader import Batches, Reader

log = logging.getLogger(__name__)

WAIT_S = 0.2
"""How long a look for records lasts; a stop is noticed after it."""

TAKEN_WITHIN_S = 60.0
"""A batch that its agent has not begun by then means that the agent is gone."""

T = TypeVar("T")


class ThreadedService(Service):
    """A service whose work is done in one thread of its own; an error ends the worker."""

    def __init__(self, name: str, fail: Callable[[BaseException], None]) -> None:
        super().__init__()
        self.name = name
        self.failed = False
        self._fail = fail
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)

    async def guarded(self, work: Callable[..., T], *arguments: Any) -> T | None:
        """As `in_thread`; an error is reported, and nothing more is done after it: what is
        in memory is not to be trusted.

        Nor is anything begun once the service stops: its closing is then queued in the
        thread, and what came behind that would find everything closed.
        """
        if self.failed or self.should_stop:
            return None
        try:
            return await self.in_thread(work, *arguments)
        except Interrupted:
            return None
        except Exception as problem:
            self.failed = True
            self._fail(problem)
            return None


class RoundChannel(faust.Channel[Batches]):
    """An in-memory channel that keeps what was put on it.

    Faust empties its channels whenever its own consumer gets partitions, for they would
    hold records of partitions it lost. Our rounds are none of its consumer's.
    """

    @property
    def queue(self) -> Any:
        if self._queue is None:
            self._queue = self.app.FlowControlQueue(maxsize=1, clear_on_resume=False)
        return self._queue


class BatchSource(ThreadedService):
    """Feeds `channel` with the rounds of one processor."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Processor],
        instance: str,
        channel: Any,
        fail: Callable[[BaseException], None],
    ) -> None:
        """`start` makes the processor; it is called in the processor's thread."""
        super().__init__(name, fail)
        self._start = start
        self._instance = instance
        self._channel = channel
        self._begun, self._done = asyncio.Event(), asyncio.Event()
        self.processor: Processor | None = None
        self.reader: Reader | None = None

    @Service.task
    async def _feed(self) -> None:
        await self.guarded(self._open)
        while not self._channel.subscriber_count:  # Faust drops what nobody listens to
            await self.sleep(0.01)
        while not self.should_stop and not self.failed and self.reader is not None:
            batches = await self.guarded(self._take)
            if batches:
                await self._hand_over(batches)

    async def _hand_over(self, batches: Batches) -> None:
        self._begun.clear()
        self._done.clear()
        # Put as it is: what `send` wraps in an event is skipped by the agent if Faust's own
        # consumer was rebalanced in between.
        await self._channel.put(batches)
        try:
            await asyncio.wait_for(self._begun.wait(), TAKEN_WITHIN_S)
        except TimeoutError:
            self._fail(RuntimeError(f"{self.name}: its Faust agent takes no batches"))
            self.failed = True
        await self._done.wait()

    def _open(self) -> None:
        self.processor = self._start()
        self.reader = Reader(self.processor, self._instance)

    def _take(self) -> Batches:
        assert self.reader is not None
        return self.reader.take(WAIT_S)

    async def fold(self, batches: Batches) -> None:
        """The agent's part: all steps of one round."""
        self._begun.set()
        await self.guarded(self._checkpoint, batches)
        self._done.set()

    def _checkpoint(self, batches: Batches) -> None:
        assert self.reader is not None and self.processor is not None
        checkpoint(self.reader, self.processor, batches)

    async def on_stop(self) -> None:
        if self.processor is not None:
            self.processor.stopping.set()
        # Queued behind the round that is under way, so that it ends whole.
        await self.in_thread(self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self.reader is not None:
            self.reader.close()
        if self.processor is not None:
            self.processor.shut()


def batch_agent(app: faust.App, source: BatchSource, channel: Any) -> None:
    """The Faust agent that takes the rounds of `source`."""

    async def rounds(stream: Any) -> None:
        async for batches in stream:
            await source.fold(batches)

    app.agent(channel, name=f"pledger.{source.name}")(rounds)
