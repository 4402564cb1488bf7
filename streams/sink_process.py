"""The warehouse sink as a process of its own, beside the workers that host one.

python -m streams.sink_process BROKER WAREHOUSE

Both as PLEDGER_BROKER and PLEDGER_WAREHOUSE say, where they are left out. A rebuild of the
warehouse starts some with `--fill`: they end with whoever started them (when their standard
input ends), and never make a database.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import suppress

from events.settings import Broker, Warehouse, load
from streams.schema import connect, migrate
from streams.sink import GROUP, SESSION_TIMEOUT_MS, WarehouseSink
from streams.sink_rows import TABLES


def main() -> None:
    """Steps until SIGTERM or SIGINT, then finishes the batch under way."""
    parser = argparse.ArgumentParser(prog="python -m streams.sink_process", description=__doc__)
    found = load()
    parser.add_argument(
        "broker", type=Broker.parse, help="as PLEDGER_BROKER", nargs="?", default=found.broker
    )
    parser.add_argument(
        "warehouse",
        type=Warehouse.parse,
        help="as PLEDGER_WAREHOUSE",
        nargs="?",
        default=found.warehouse,
    )
    parser.add_argument("--group", default=GROUP)
    parser.add_argument("--session-timeout-ms", type=int, default=SESSION_TIMEOUT_MS)
    parser.add_argument("--topics", type=lambda names: names.split(","), default=list(TABLES))
    parser.add_argument("--fill", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if options.fill:
        threading.Thread(target=_end_with_input, daemon=True).start()
    sink = WarehouseSink(
        options.broker,
        options.warehouse,
        group=options.group,
        session_timeout_ms=options.session_timeout_ms,
        topics=options.topics,
        opened=connect if options.fill else migrate,
    )
    try:
        while running:
            sink.step(1.0)
    finally:
        sink.close()


def _end_with_input() -> None:
    """At once, as if killed: what is under way is whole or not at all."""
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os._exit(1)


if __name__ == "__main__":
    main()
