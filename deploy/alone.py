"""A part run by itself at a terminal: `pledger broker`, `pledger warehouse`."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from deploy import DeployError
from deploy.children import end_group
from deploy.kafka import STOP_SECONDS, EmbeddedBroker
from deploy.parts import WarehousePart, await_healthy
from deploy.topics import check_cluster, create_topics
from events.settings import Settings


def run_broker(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """The embedded broker with the ledger's topics, until Ctrl-C or SIGTERM."""
    embedded = EmbeddedBroker(settings.home / "broker", port)
    process = embedded.start()
    try:
        embedded.wait_ready()
        check_cluster(settings.home, embedded.broker)
        create_topics(embedded.broker)
    except DeployError:
        embedded.stop()
        raise
    say(f"broker at {embedded.broker.servers}; log in {embedded.log_file}")
    wait_for_signal(process, say)


def run_warehouse(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """The embedded warehouse, until Ctrl-C or SIGTERM."""
    part = WarehousePart(settings, port)
    process = part.start()
    try:
        problem = await_healthy(part, process, part.ready_seconds, lambda: None)
        if problem is not None:
            raise DeployError(f"the warehouse did not start: {problem}")
    except BaseException:
        end_group(process, STOP_SECONDS)
        raise
    say(f"warehouse at {part.address}; log in {part.log}")
    wait_for_signal(process, say)


def wait_for_signal(process: subprocess.Popen[bytes], say: Callable[[str], None]) -> None:
    """Return when a signal asked to stop and the process has; its own end is an error."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        end_group(process, STOP_SECONDS)
        say("stopped")
        return
    say(f"ended with code {code}")
    sys.exit(1)
