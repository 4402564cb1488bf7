"""Who a worker is: an id that a restart after `kill -9` gets again.

A worker's state stands in a directory of its own, for two processes cannot open one
RocksDB. The id is the first of worker-0, worker-1, … whose lock is free; the lock is the
kernel's and ends with its process, however that ends. A stopped process keeps it.

`instance` names the worker to Kafka's group coordinator (static membership): the
restarted worker gets its partitions back at once, without waiting for the dead one's
session to run out.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from pathlib import Path

MAX_WORKERS = 1_000
"""Workers of one home directory."""


class WorkerIdentity:
    """The hold on a worker id; `release` gives it back, and so does the process's end."""

    def __init__(self, home: Path) -> None:
        directory = home / "run" / "workers"
        directory.mkdir(parents=True, exist_ok=True)
        for number in range(MAX_WORKERS):
            path = directory / f"worker-{number}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self.name = path.name
            self._descriptor = descriptor
            self.instance = self._instance()
            return
        raise RuntimeError(f"{directory}: all {MAX_WORKERS} worker ids are in use")

    def _instance(self) -> str:
        """The same for every process that gets this id; another home has another."""
        found = os.pread(self._descriptor, 36, 0).decode()
        if len(found) != 36:
            found = str(uuid.uuid4())
            os.pwrite(self._descriptor, found.encode(), 0)
        return f"{self.name}-{found}"

    def release(self) -> None:
        os.close(self._descriptor)
