"""Processes that the tests start, kill, stop and continue; and waiting for what they do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from rocksdict import AccessType, Options, Rdict

from events import topics
from events.log import LogError, read, watermarks
from events.settings import Broker, Settings
from projections.account import Account, Item
from streams.state import decoder
from tests.streams.offline import Differs, Found, verify

SESSION_MS = 2_000
PATIENCE_S = 60.0
DECIDERS = "attribution,relay,posting"


class Started:
    """A process of ours, with what it printed."""

    def __init__(self, settings: Settings, command: Sequence[str], die_at: str = "") -> None:
        settings.home.mkdir(parents=True, exist_ok=True)
        self.log = settings.home / "process.log"
        environment = {
            **os.environ,
            "PLEDGER_HOME": str(settings.home),
            "PLEDGER_BROKER": settings.broker.servers,
            "PLEDGER_SESSION_MS": str(SESSION_MS),
            "PLEDGER_DIE_AT": die_at,
        }
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command], env=environment, stdout=output, stderr=output
            )
        self.heartbeat = settings.run / f"worker-{self.process.pid}.json"

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def partitions(self) -> dict[str, list[str]]:
        """Processor → input partitions, as the worker's heartbeat says."""
        try:
            beat = json.loads(self.heartbeat.read_text())
        except FileNotFoundError:
            return {}
        return {name: found["partitions"] for name, found in beat["processors"].items()}

    def said(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def started(settings: Settings, *command: str, die_at: str = "") -> Iterator[Started]:
    found = Started(settings, command, die_at)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.send_signal(signal.SIGCONT)
            found.process.kill()
            found.process.wait(PATIENCE_S)


def driver(settings: Settings, processors: str = DECIDERS, die_at: str = "") -> Started:
    return Started(settings, ("tests.streams.driver", processors), die_at)


def wait_verified(broker: Broker, running: Started, patience: float = PATIENCE_S) -> Found:
    """Wait until the whole log is as an offline fold says, and return what it holds."""
    deadline = time.monotonic() + patience
    while True:
        ends = all_ends(broker)
        try:
            return verify(broker)
        except (Differs, LogError) as problem:
            if running.process.poll() is not None:
                raise AssertionError(f"ended: {running.said()[-3_000:]}") from problem
            if time.monotonic() > deadline:
                raise AssertionError(f"{problem}\n{running.said()[-3_000:]}") from problem
            if ends == all_ends(broker):
                time.sleep(0.1)


def all_ends(broker: Broker) -> dict[str, dict[int, tuple[int, int]]]:
    names = (topics.ATTRIBUTIONS, topics.INSTRUCTIONS, topics.JOURNAL)
    return {name: watermarks(broker, name) for name in names}


def balances_on_disk(settings: Settings) -> dict[str, dict[str, Any]]:
    """Partner → program/unit → funds, as posting's state has them."""
    found: dict[str, dict[str, Any]] = {}
    decode = decoder(Account)
    for key, value in _on_disk(settings):
        if key.startswith(b"a/"):
            funds = {unit: msgspec.to_builtins(of) for unit, of in decode(value).funds.items()}
            found[key[2:].decode()] = funds
    return found


def items_on_disk(settings: Settings) -> dict[tuple[str, str], Item]:
    """(partner, key) → item, as posting's state has them."""
    decode = decoder(Item)
    found: dict[tuple[str, str], Item] = {}
    for key, value in _on_disk(settings):
        if key.startswith(b"i/"):
            partner, _, name = key[2:].decode().partition("/")
            found[partner, name] = decode(value)
    return found


def _on_disk(settings: Settings) -> Iterator[tuple[bytes, bytes]]:
    for directory in settings.state.glob("worker-0/posting/instructions-*"):
        raw, read_only = Options(raw_mode=True), AccessType.read_only()
        state: Any = Rdict(str(directory), raw, access_type=read_only)
        yield from state.items()
        state.close()


def letters(broker: Broker) -> list[str]:
    return [(record.value or b"").decode() for record in read(broker, topics.DEAD_LETTERS, 0)]


def delete_state(settings: Settings) -> None:
    shutil.rmtree(settings.state, ignore_errors=True)
