"""The warehouse sink as a process of its own, beside the workers that host one.

python -m streams.sink_process BROKER WAREHOUSE
"""

from __future__ import annotations

import argparse
import signal

from events.settings import Broker, Warehouse
from streams.sink import GROUP, SESSION_TIMEOUT_MS, WarehouseSink


def main() -> None:
    """Steps until SIGTERM or SIGINT, then finishes the batch under way."""
    parser = argparse.ArgumentParser(prog="python -m streams.sink_process", description=__doc__)
    parser.add_argument("broker", type=Broker.parse, help="as PLEDGER_BROKER")
    parser.add_argument("warehouse", type=Warehouse.parse, help="as PLEDGER_WAREHOUSE")
    parser.add_argument("--group", default=GROUP)
    parser.add_argument("--session-timeout-ms", type=int, default=SESSION_TIMEOUT_MS)
    options = parser.parse_args()
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sink = WarehouseSink(
        options.broker,
        options.warehouse,
        group=options.group,
        session_timeout_ms=options.session_timeout_ms,
    )
    try:
        while running:
            sink.step(1.0)
    finally:
        sink.close()


if __name__ == "__main__":
    main()
