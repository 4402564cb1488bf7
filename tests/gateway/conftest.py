"""A running gateway: its own process, real HTTP, the session's broker, topics of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.ports import LOOPBACK, free_port
from events.click_token import load_keys
from events.codec import decode_record
from events.log import partitions, read
from events.settings import Broker
from tests.conftest import fresh_topics

START_SECONDS = 30
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)


class RunningGateway:
    """`pledger gateway` in a process of its own, and a client of it."""

    def __init__(self, home: Path, broker: Broker, **environment: str) -> None:
        self.home = home
        self.broker = broker
        self.port = free_port()
        self.address = f"http://{LOOPBACK}:{self.port}"
        self._environment = environment
        self.log = home.parent / "gateway.log"
        self.client = httpx.Client(base_url=self.address, trust_env=False, timeout=10)
        self.client.headers["user-agent"] = BROWSER

    def start(self, wait: bool = True) -> RunningGateway:
        environment = {
            **os.environ,
            "PLEDGER_HOME": str(self.home),
            "PLEDGER_BROKER": self.broker.servers,
            **self._environment,
        }
        command = [sys.executable, "-m", "deploy.parts", "gateway", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        if wait:
            self.await_health()
        return self

    def await_health(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if self.client.get("/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(20)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def post(self, path: str, **body: Any) -> Any:
        """POST a command and return its answer; it must be taken."""
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def keys(self) -> Any:
        return load_keys(self.home / "keys")

    def log_of(self, topic: str) -> list[Any]:
        """All records of a topic, decoded, partition after partition."""
        count = partitions(self.broker, topic)
        return [
            decode_record(record)
            for partition in range(count)
            for record in read(self.broker, topic, partition)
        ]

    def prepare(self) -> None:
        """A program with a partner and its link, all active; partner `idle` is not approved."""
        self.post("/v1/programs", program="acme", name="Acme", currency="EUR")
        rule = {"name": "sale", "event": "sale", "type": "percentage", "amount": 1000}
        self.post("/v1/programs/acme/terms", rules=[rule], effective_from=0)
        for partner in ("jane", "idle"):
            self.post("/v1/partners", partner=partner, name=partner.title())
            self.post(f"/v1/partners/{partner}/apply", program="acme")
        self.post("/v1/partners/jane/approve", program="acme")
        self.link("spring", "https://shop.example/spring?utm=1&click_id=own#top")
        self.link("idle-link", "https://shop.example/", partner="idle")

    def link(self, link: str, destination: str, partner: str = "jane") -> None:
        self.post("/v1/links", link=link, program="acme", partner=partner, destination=destination)


@pytest.fixture(scope="module")
def gateway(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """One prepared gateway for the tests of a module."""
    fresh_topics(broker)
    running = RunningGateway(tmp_path_factory.mktemp("gateway") / "home", broker)
    running.start()
    running.prepare()
    try:
        yield running
    finally:
        running.kill()
