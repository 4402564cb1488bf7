"""What the supervisor of a home directory writes down while it runs.

`run/lock` says whether one runs and which process it is; `run/parts.json` says which
process is which part, for `status` and for the next start: parts that outlived a killed
supervisor are found by it and ended.
"""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from deploy.locks import DirectoryLock, holder

LOCK = "lock"
CLOCK_SLACK_SECONDS = 2.0
"""How far a process's start time and ours, taken from different clocks, may differ."""


@dataclass(frozen=True)
class RunningPart:
    """A part's process: `pid` leads its process group; `started` is in Unix seconds."""

    name: str
    pid: int
    started: float
    restarts: int
    address: str
    log: str
    healthy: bool
    problem: str | None = None


@dataclass(frozen=True)
class Running:
    """What a supervisor wrote: `ready` once every part has been healthy."""

    supervisor: int = 0
    ready: bool = False
    parts: tuple[RunningPart, ...] = ()


def home_lock(home: Path) -> DirectoryLock:
    return DirectoryLock(home / "run", LOCK)


def supervisor_of(home: Path) -> int | None:
    """The process id of the supervisor that runs in this home, or None."""
    return holder(home / "run" / LOCK)


def write_parts(home: Path, parts: list[RunningPart], *, ready: bool) -> None:
    path = home / "run" / "parts.json"
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(Running(os.getpid(), ready, tuple(parts))), indent=1))
    draft.replace(path)


def read_parts(home: Path) -> Running:
    """What the last supervisor of this home wrote; it may be gone (`supervisor_of`)."""
    try:
        found = json.loads((home / "run" / "parts.json").read_text())
        parts = tuple(RunningPart(**part) for part in found["parts"])
        return Running(int(found["supervisor"]), bool(found["ready"]), parts)
    except (OSError, ValueError, KeyError, TypeError):
        return Running()


def end_orphans(home: Path) -> list[str]:
    """End parts that a supervisor of this home left behind; their names and process ids.

    Only what is provably ours: in the process group that was written down, started no
    earlier than the part, with this home in its environment.
    """
    ended = []
    for part in read_parts(home).parts:
        for process in group_members(part.pid):
            if not is_ours(process, home, part.started):
                continue
            process.send_signal(signal.SIGKILL)
            ended.append(f"{part.name} (process {process.pid})")
            deadline = time.monotonic() + 5
            while process.is_running() and time.monotonic() < deadline:
                time.sleep(0.02)
    return ended


def group_members(group: int) -> list[psutil.Process]:
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (ProcessLookupError, psutil.Error):
            continue
    return members


def is_ours(process: psutil.Process, home: Path, started: float) -> bool:
    try:
        same_home = process.environ().get("PLEDGER_HOME") == str(home)
        return same_home and float(process.create_time()) >= started - CLOCK_SLACK_SECONDS
    except psutil.Error:
        return False
