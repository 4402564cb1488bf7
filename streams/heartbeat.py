"""What a worker says about itself, every second, in a file of the home directory.

`run/worker-<pid>.json`: id, process, and for each processor its partitions and counts.
The supervisor and `pledger status` read it; a file that is not renewed tells of a worker
that is stopped or gone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from streams.processor import Processor

INTERVAL_S = 1.0


class Heartbeat:
    """The file of this process; files of processes that are gone are removed."""

    def __init__(self, run: Path, worker: str) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self._path = run / f"worker-{os.getpid()}.json"
        self._worker = worker
        self._started_at = int(time.time() * 1000)
        for path in run.glob("worker-*.json"):
            pid = path.stem.removeprefix("worker-")
            if pid.isdigit() and not _alive(int(pid)):
                path.unlink(missing_ok=True)

    def beat(self, processors: Mapping[str, Processor | None]) -> None:
        now = {
            "worker": self._worker,
            "pid": os.getpid(),
            "started_at": self._started_at,
            "at": int(time.time() * 1000),
            "processors": {name: _described(found) for name, found in processors.items()},
        }
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(now))
        draft.replace(self._path)

    def end(self) -> None:
        with suppress(FileNotFoundError):
            self._path.unlink()


def _described(processor: Processor | None) -> dict[str, object]:
    if processor is None:
        return {"state": "starting", "partitions": [], "counts": {}}
    return {
        "state": "running",
        "partitions": [str(place) for place in list(processor.folds)],
        "counts": dict(processor.counts),
    }


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
