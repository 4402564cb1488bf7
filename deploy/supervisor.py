"""One process that starts a ledger's parts in order, keeps them alive, and stops them.

The order is broker, topics, warehouse, gateway, workers, scheduler: each is healthy before the next
starts, because each needs the one before. What dies is started again at the same address,
after a pause that doubles while it keeps dying. A stop goes the other way round.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from deploy import DeployError
from deploy.children import end_group
from deploy.parts import (
    BROKER,
    BrokerPart,
    GatewayPart,
    Part,
    SchedulerPart,
    WarehousePart,
    WorkerPart,
    await_healthy,
)
from deploy.running import RunningPart, end_orphans, home_lock, write_parts
from deploy.topics import check_cluster, create_topics
from events.settings import Broker, Settings, endpoints_file, write_endpoints
from events.topics import EMBEDDED_PARTITIONS

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 30.0
"""A part that ran this long is taken to have started well: its next pause is short again."""
TICK_SECONDS = 0.1
PROBE_SECONDS = 2.0


class Stopped(Exception):
    """A signal asked the supervisor to stop."""


@dataclass(frozen=True)
class Plan:
    """What to start; port 0 takes any free one."""

    broker_port: int
    warehouse_port: int
    gateway_port: int
    workers: int = 1
    partitions: int = EMBEDDED_PARTITIONS


@dataclass
class Child:
    """A part and its present process."""

    part: Part
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.time)
    restarts: int = 0
    pause: float = FIRST_PAUSE_SECONDS
    restart_at: float | None = None
    problem: str | None = None


class Supervisor:
    """The parts of one home directory. `say` is told what happens, a line each."""

    def __init__(self, settings: Settings, plan: Plan, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.plan = plan
        self.listener = say
        self.children: list[Child] = []
        self.endpoints: dict[str, str] = {}
        self.ready = False
        self.stop_asked = False

    def run(self) -> None:
        """Start all parts, watch them until a signal asks to stop, stop them.

        Raises `DeployError` if the home is in use or a part does not start; the parts that
        had started are stopped first.
        """
        home = self.settings.home
        lock = home_lock(home)
        lock.acquire()
        # The broker inherits it, and `end_orphans` knows our processes by it.
        os.environ["PLEDGER_HOME"] = str(home)
        self.catch_signals()
        try:
            for orphan in end_orphans(home):
                self.say(f"ended {orphan}, left by a supervisor that was killed")
            endpoints_file(home).unlink(missing_ok=True)
            with suppress(Stopped):
                self.start_all()
                self.watch()
        finally:
            self.stop_all()
            endpoints_file(home).unlink(missing_ok=True)
            lock.release()

    def say(self, line: str) -> None:
        # A terminal that was closed must not keep the parts from being stopped.
        with suppress(OSError):
            self.listener(line)

    def start_all(self) -> None:
        settings, plan = self.settings, self.plan
        if settings.broker_is_external:
            self.say(f"broker     {settings.broker.servers} (PLEDGER_BROKER)")
        else:
            self.start(BrokerPart(settings, plan.broker_port))
        self.prepare_topics()
        if settings.warehouse_is_external:
            self.say(f"warehouse  {settings.warehouse.host} (PLEDGER_WAREHOUSE)")
        else:
            self.start(WarehousePart(settings, plan.warehouse_port))
        gateway = GatewayPart(settings, plan.gateway_port)
        self.start(gateway)
        for number in range(1, plan.workers + 1):
            self.start(WorkerPart(settings, number))
        self.start(SchedulerPart(settings))
        self.ready = True
        self.record()

    def prepare_topics(self) -> None:
        external = self.settings.broker_is_external
        broker = self.settings.broker if external else Broker(self.endpoints[BROKER])
        check_cluster(self.settings.home, broker)
        made = create_topics(broker, partitions=self.plan.partitions, embedded=not external)
        self.say(f"topics     {len(made)} created" if made else "topics     as they were")

    def start(self, part: Part) -> None:
        """Start a part and wait until it is healthy; its address is then known to all."""
        began = time.monotonic()
        child = Child(part, part.start())
        self.children.append(child)
        self.record()
        problem = await_healthy(part, child.process, part.ready_seconds, self.check_stop)
        if problem is not None:
            raise DeployError(f"the {part.name} did not start: {problem}")
        if part.address:
            self.endpoints[part.name] = part.address
            write_endpoints(self.settings.home, self.endpoints)
        self.record()
        self.say(f"{part.name:10} {part.address or 'running'} ({time.monotonic() - began:.1f} s)")

    def watch(self) -> None:
        """Restart what dies until a stop is asked for."""
        probe_at = time.monotonic()
        while True:
            self.check_stop()
            for child in self.children:
                self.revive(child)
            if time.monotonic() >= probe_at:
                self.probe()
                probe_at = time.monotonic() + PROBE_SECONDS
            time.sleep(TICK_SECONDS)

    def revive(self, child: Child) -> None:
        """One step of a part's life: note its death, or start it when its pause is over."""
        code = child.process.poll()
        if code is None:
            return
        now = time.monotonic()
        if child.restart_at is None:
            if time.time() - child.started > STEADY_SECONDS:
                child.pause = FIRST_PAUSE_SECONDS
            # What a dead part left running in its group would hold its port and its lock.
            end_group(child.process, 0)
            child.restart_at = now + child.pause
            child.problem = f"ended with code {code}; starts again in {child.pause:g} s"
            self.say(f"{child.part.name:10} {child.problem}; its log: {child.part.log}")
            child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)
        elif now >= child.restart_at:
            child.restart_at = None
            child.restarts += 1
            child.started = time.time()
            try:
                child.process = child.part.start()
            except DeployError as error:
                child.restart_at = now + child.pause
                child.problem = str(error)
                child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)
                self.say(f"{child.part.name:10} {error}")
        self.record()

    def probe(self) -> None:
        """Ask the running parts how they are, for `pledger status`."""
        for child in self.children:
            if child.restart_at is None and child.process.poll() is None:
                child.problem = child.part.problem()
        self.record()

    def record(self) -> None:
        """Write down which process is which part."""
        parts = [
            RunningPart(
                name=child.part.name,
                pid=child.process.pid,
                started=child.started,
                restarts=child.restarts,
                address=child.part.address,
                log=str(child.part.log),
                healthy=child.problem is None and child.process.poll() is None,
                problem=child.problem,
            )
            for child in self.children
        ]
        write_parts(self.settings.home, parts, ready=self.ready)

    def stop_all(self) -> None:
        for child in reversed(self.children):
            end_group(child.process, child.part.stop_seconds)
            self.say(f"{child.part.name:10} stopped")
        self.children = []
        self.ready = False
        self.record()

    def catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_stop)

    def ask_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_asked = True

    def check_stop(self) -> None:
        if self.stop_asked:
            raise Stopped
