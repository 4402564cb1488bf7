"""The warehouse sink inside Faust: its loop, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable

from mode import Service

from streams.sink import WarehouseSink
from streams.source import WAIT_S, ThreadedService

WAREHOUSE = "warehouse"


class SinkSource(ThreadedService):
    """Steps the sink until the worker stops. `start` makes it, in the sink's thread."""

    def __init__(
        self, start: Callable[[], WarehouseSink], fail: Callable[[BaseException], None]
    ) -> None:
        super().__init__(WAREHOUSE, fail)
        self._start = start
        self._sink: WarehouseSink | None = None
        self.processor = None

    @Service.task
    async def _step(self) -> None:
        while not self.should_stop and not self.failed:
            await self.guarded(self._once)

    def _once(self) -> None:
        if self._sink is None:
            self._sink = self._start()
        self._sink.step(WAIT_S)

    async def on_stop(self) -> None:
        # Behind the step under way, which may be the one that makes the sink.
        await self.in_thread(self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self._sink is not None:
            self._sink.close()
