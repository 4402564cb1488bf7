"""The worker: one process that runs the processors, as many such processes as wanted.

    python -m streams.worker [--only posting,relay]

It ends with SIGTERM or SIGINT, after the rounds under way; exit code 0. An error in any
processor ends it with exit code 1: whoever supervises it starts it again, and what was
under way is read back from the log.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Collection
from functools import partial

import faust
from mode import Service

from events.settings import Settings, load
from streams.app import create_app
from streams.attribution import AttributionProcessor
from streams.heartbeat import INTERVAL_S, Heartbeat
from streams.identity import WorkerIdentity
from streams.payouts import PayoutsProcessor
from streams.posting import PostingProcessor
from streams.processor import Processor
from streams.relay import RelayProcessor
from streams.sink import WarehouseSink
from streams.sink_source import WAREHOUSE, SinkSource
from streams.source import BatchSource, RoundChannel, batch_agent

log = logging.getLogger(__name__)

DECIDERS: dict[str, Callable[..., Processor]] = {
    "attribution": AttributionProcessor,
    "relay": RelayProcessor,
    "posting": PostingProcessor,
    "payouts": PayoutsProcessor,
}
PROCESSORS = (*DECIDERS, WAREHOUSE)
"""Everything a worker can run, by the name of its consumer group without `pledger-`."""

Source = BatchSource | SinkSource

GRACE_S = float(os.environ.get("PLEDGER_GRACE_S", "20"))
"""How long stopping may take. Longer only without a broker, which librdkafka's and Faust's
consumers wait for when they are closed; below what a container is given to end."""

GC_THRESHOLD = 200_000
"""Allocations between collections. Records and states hold no cycles; scanning them for
any costs a tenth of the speed."""


class LedgerWorker(faust.Worker):
    """Faust's worker, with the sources as services and our reason for a failure."""

    def __init__(self, app: faust.App, sources: Collection[Source], beat: Heartbeat) -> None:
        super().__init__(app, override_logging=False, redirect_stdouts=False)
        self.spinner = None
        self._sources = sources
        self._heartbeat = beat
        self.failure: BaseException | None = None

    def fail(self, problem: BaseException) -> None:
        """End the worker because of `problem`."""
        if self.failure is None:
            self.failure = problem
            log.critical("the worker stops: %s", problem, exc_info=problem)
            asyncio.get_running_loop().create_task(self.stop())

    async def stop(self) -> None:
        if not self.should_stop:
            _end_after(GRACE_S)
        await super().stop()

    @Service.task
    async def _beat(self) -> None:
        while not self.should_stop:
            self._heartbeat.beat({source.name: source.processor for source in self._sources})
            await self.sleep(INTERVAL_S)


def _end_after(seconds: float) -> None:
    """End this process then, if it still lives; whatever is under way is read back."""

    def end() -> None:
        log.critical("not stopped within %g s: left as it is, as after a crash", seconds)
        os._exit(1)

    last = threading.Timer(seconds, end)
    last.daemon = True
    last.start()


def run(settings: Settings, only: Collection[str] = PROCESSORS) -> None:
    """Run the processors named in `only` until SIGTERM or SIGINT.

    Leaves by SystemExit: 0 when told to stop, 1 when a processor failed.
    """
    if unknown := sorted(set(only) - set(PROCESSORS)):
        raise ValueError(f"no processor {', '.join(unknown)}; there are {', '.join(PROCESSORS)}")
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    identity = WorkerIdentity(settings.home)
    state = settings.state / identity.name
    state.mkdir(parents=True, exist_ok=True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(settings.broker, state)
    heartbeat = Heartbeat(settings.run, identity.name)
    sources: list[Source] = []
    worker = LedgerWorker(app, sources, heartbeat)
    for name in only:
        if name == WAREHOUSE:
            start = partial(WarehouseSink, settings.broker, settings.warehouse)
            source: Source = SinkSource(start, worker.fail)
        else:
            channel = RoundChannel(app)
            make = partial(DECIDERS[name], settings.broker, state)
            source = BatchSource(name, make, identity.instance, channel, worker.fail)
            batch_agent(app, source, channel)
        sources.append(source)
        worker.services = (*worker.services, source)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 50, 1000)
    log.info("%s runs %s", identity.name, ", ".join(only))
    try:
        worker.execute_from_commandline()
    except SystemExit:
        if worker.failure is not None:
            sys.exit(1)
        raise
    finally:
        heartbeat.end()
        identity.release()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=",".join(PROCESSORS), help="processors, comma-separated")
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    run(load(), arguments.only.split(","))


if __name__ == "__main__":
    main()
