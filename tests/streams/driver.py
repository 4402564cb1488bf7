"""Processors without Faust, to be started and killed often.

    python -m tests.streams.driver attribution,relay,posting,payouts

Each runs its rounds in a thread of its own, as in the worker, until SIGTERM.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback

from events.settings import Settings, load
from streams.attribution import AttributionProcessor
from streams.checkpoint import checkpoint
from streams.identity import WorkerIdentity
from streams.payouts import PayoutsProcessor
from streams.posting import PostingProcessor
from streams.processor import Processor
from streams.reader import Reader
from streams.relay import RelayProcessor

PROCESSORS: dict[str, type[Processor]] = {
    "attribution": AttributionProcessor,
    "relay": RelayProcessor,
    "posting": PostingProcessor,
    "payouts": PayoutsProcessor,
}


def drive(name: str, settings: Settings, identity: WorkerIdentity, stop: threading.Event) -> None:
    try:
        processor = PROCESSORS[name](settings.broker, settings.state / identity.name)
        reader = Reader(processor, identity.instance)
        while not stop.is_set():
            batches = reader.take(0.1)
            if batches:
                checkpoint(reader, processor, batches)
        reader.close()
        processor.shut()
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    settings = load()
    identity = WorkerIdentity(settings.home)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threads = [
        threading.Thread(target=drive, args=(name, settings, identity, stop))
        for name in sys.argv[1].split(",")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
