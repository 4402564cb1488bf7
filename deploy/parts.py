"""The parts of a ledger as processes: how each is started, asked and found again.

A part is started by `start`, has an address others reach it by (none for a worker or the
scheduler) and tells its `problem`. The broker is Java; the others are this project's own
modules, run by `python -m` with the home directory in `PLEDGER_HOME`. They find each other
by `run/endpoints.json` (`events.settings`), so a part needs no other argument.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from deploy import DeployError, health
from deploy.children import own_group
from deploy.kafka import EmbeddedBroker, last_lines
from deploy.ports import LOOPBACK, free_port, is_free
from deploy.topics import check_cluster, check_topics, connect
from events.settings import Settings, SettingsError, Warehouse, load

BROKER, WAREHOUSE, GATEWAY, WORKER = "broker", "warehouse", "gateway", "worker"
SCHEDULER = "scheduler"


class Part(Protocol):
    """What the supervisor keeps alive."""

    name: str
    address: str
    log: Path
    ready_seconds: float
    """How long it may take to be healthy, recovery after a crash included."""
    stop_seconds: float
    """How long it may take to stop before it is killed."""

    def start(self) -> subprocess.Popen[bytes]: ...

    def problem(self) -> str | None: ...


class BrokerPart:
    """The embedded Kafka, in `home/broker`."""

    name = BROKER
    ready_seconds = 60.0
    stop_seconds = 20.0

    def __init__(self, settings: Settings, port: int) -> None:
        self.kafka = EmbeddedBroker(settings.home / "broker", port)
        self.address = self.kafka.broker.servers
        self.log = settings.logs / "broker.log"

    def start(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return self.kafka.start(log)

    def problem(self) -> str | None:
        return health.broker_problem(self.kafka.broker)


class PythonPart:
    """A module of this project in a process of its own."""

    ready_seconds = 30.0
    stop_seconds = 15.0

    def __init__(self, name: str, settings: Settings, arguments: list[str], address: str) -> None:
        self.name = name
        self.home = settings.home
        self.address = address
        self.log = settings.logs / f"{name}.log"
        self.command = [sys.executable, "-m", *arguments]

    def start(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PLEDGER_HOME": str(self.home), "PYTHONUNBUFFERED": "1"},
                preexec_fn=own_group,
            )

    def problem(self) -> str | None:
        raise NotImplementedError


class WarehousePart(PythonPart):
    """chDB behind ClickHouse's HTTP protocol, in `home/warehouse`."""

    def __init__(self, settings: Settings, port: int) -> None:
        port = claimed_port(port, WAREHOUSE)
        path = settings.home / "warehouse"
        arguments = ["deploy.warehouse", "--path", str(path), "--port", str(port)]
        address = f"http://{LOOPBACK}:{port}/{settings.warehouse.database}"
        super().__init__(WAREHOUSE, settings, arguments, address)

    def problem(self) -> str | None:
        return health.warehouse_problem(Warehouse.parse(self.address))


class GatewayPart(PythonPart):
    """The HTTP server that takes clicks and conversions."""

    def __init__(self, settings: Settings, port: int) -> None:
        port = claimed_port(port, GATEWAY)
        arguments = ["deploy.parts", GATEWAY, "--port", str(port)]
        super().__init__(GATEWAY, settings, arguments, f"http://{LOOPBACK}:{port}")

    def problem(self) -> str | None:
        return health.gateway_problem(self.address)


class WorkerPart(PythonPart):
    """A stream processor; it takes a state directory that no other worker holds."""

    def __init__(self, settings: Settings, number: int) -> None:
        super().__init__(f"{WORKER}-{number}", settings, ["deploy.parts", WORKER], "")
        self.heartbeats = settings.run
        self.heartbeat = settings.run / "no-worker.json"

    def start(self) -> subprocess.Popen[bytes]:
        self.heartbeat.unlink(missing_ok=True)
        process = super().start()
        self.heartbeat = self.heartbeats / f"worker-{process.pid}.json"
        return process

    def problem(self) -> str | None:
        return health.worker_problem(self.heartbeat)


class SchedulerPart(PythonPart):
    """Starts the payout runs that are due, as `pledger runs due` does."""

    def __init__(self, settings: Settings) -> None:
        # Named, not imported: commands import this package, and imports point one way.
        super().__init__(SCHEDULER, settings, ["cli.scheduler"], "")
        self.heartbeat = health.scheduler_heartbeat(settings)

    def start(self) -> subprocess.Popen[bytes]:
        self.heartbeat.unlink(missing_ok=True)
        return super().start()

    def problem(self) -> str | None:
        return health.scheduler_problem(self.heartbeat)


def claimed_port(port: int, part: str) -> int:
    """`port`, or a free one for 0; `DeployError` if it is taken."""
    if port and not is_free(port):
        raise DeployError(
            f"port {port} of {LOOPBACK}, asked for the {part}, is taken; choose another with "
            f"--{part}-port, or --port where the {part} runs alone (0 takes any free one)"
        )
    return port or free_port()


def await_healthy(
    part: Part,
    process: subprocess.Popen[bytes],
    seconds: float,
    between: Callable[[], None],
) -> str | None:
    """Wait up to `seconds` for a part to be healthy: None, or why it is not.

    `between` is called between questions, and may raise to end the wait.
    """
    deadline = time.monotonic() + seconds
    problem: str | None = "was not asked"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return f"ended with code {process.returncode}; its log {part.log} ends:\n" + last_lines(
                part.log
            )
        problem = part.problem()
        if problem is None:
            return None
        between()
        time.sleep(0.05)
    return problem


def run_gateway(settings: Settings, host: str, port: int) -> None:
    """Serve HTTP until stopped."""
    from gateway.server import run

    check_log(settings)
    run(settings, host, port)


def run_worker(settings: Settings) -> None:
    """Run the stream processors until stopped."""
    from streams.worker import run

    check_log(settings)
    run(settings)


def check_log(settings: Settings) -> None:
    """Refuse a cluster that is not this home's, and topics that would lose the ledger."""
    check_cluster(settings.home, settings.broker)
    client, _ = connect(settings.broker)
    check_topics(client)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run one part of a ledger (PLEDGER_HOME).")
    parser.add_argument("part", choices=[GATEWAY, WORKER])
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    try:
        settings = load()
        if asked.part == GATEWAY:
            run_gateway(settings, asked.host, claimed_port(asked.port, GATEWAY))
        else:
            run_worker(settings)
    except (DeployError, SettingsError) as error:
        sys.exit(f"error: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
