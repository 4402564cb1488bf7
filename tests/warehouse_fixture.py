"""A real warehouse for tests: the embedded one, in a process and directory of its own.

warehouse           the session's, database `default`
warehouse_database  the same process, with a database of the test's own
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from events.settings import Warehouse

START_SECONDS = 60


class WarehouseProcess:
    """`python -m deploy.warehouse` on a free port; start it, stop it, kill it."""

    def __init__(self, path: Path, *arguments: str) -> None:
        self.path = path
        self.log = path.parent / f"{path.name}.log"
        self._arguments = arguments
        self._port_file = path.parent / f"{path.name}.port"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, port: int = 0) -> Warehouse:
        """On `port`, by default any free one."""
        self._port_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "deploy.warehouse", "--path", str(self.path)]
        command += ["--port", str(port), "--port-file", str(self._port_file), *self._arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the warehouse did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        port = json.loads(self._port_file.read_text())["port"]
        return Warehouse("127.0.0.1", port, database="default")

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self) -> None:
        """SIGKILL, as `kill -9`; nothing to do when it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The session's embedded warehouse, over HTTP; database `default`."""
    process = WarehouseProcess(tmp_path_factory.mktemp("warehouse") / "tables")
    yield process.start()
    process.stop()


@pytest.fixture
def warehouse_database(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The session's warehouse, with an empty database of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    url = f"http://{warehouse.host}:{warehouse.port}/"
    httpx.post(url, content=f"CREATE DATABASE {name}").raise_for_status()
    yield replace(warehouse, database=name)
    httpx.post(url, content=f"DROP DATABASE {name}").raise_for_status()
