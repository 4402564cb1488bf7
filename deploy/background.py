"""`pledger up --detach` and `pledger down`: a supervisor that runs without a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from deploy import DeployError
from deploy.kafka import last_lines
from deploy.running import end_orphans, home_lock, read_parts, supervisor_of

START_SECONDS = 180.0
STOP_SECONDS = 90.0


def start_detached(home: Path, arguments: list[str]) -> int:
    """Run `pledger up` in the background; its process id once every part is healthy.

    Raises `DeployError` with the end of its log if it gives up.
    """
    # Said here rather than in a log: who holds the home.
    lock = home_lock(home)
    lock.acquire()
    lock.release()
    log = home / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--home", str(home), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = last_lines(log, 20).removeprefix("error: ")
            raise DeployError(said or f"pledger up ended with code {process.returncode}")
        running = read_parts(home)
        # A killed supervisor leaves its own record, which said ready as well.
        if running.ready and running.supervisor == process.pid:
            return process.pid
        time.sleep(0.05)
    process.terminate()
    raise DeployError(f"not all parts were healthy within {START_SECONDS:g} s; see {log}")


def stop_supervisor(home: Path, seconds: float = STOP_SECONDS) -> int | None:
    """Stop the supervisor of `home` and all its parts; its process id, or None if none ran.

    Waits until the home is free. What has not stopped after `seconds` is killed.
    """
    pid = supervisor_of(home)
    if not pid:
        end_orphans(home)
        return None
    os.kill(pid, signal.SIGTERM)
    with suppress(psutil.NoSuchProcess):
        # A stopped supervisor would not see it.
        psutil.Process(pid).send_signal(signal.SIGCONT)
    deadline = time.monotonic() + seconds
    # Its lock goes first, the process a moment later.
    while supervisor_of(home) is not None or is_alive(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            end_orphans(home)
            break
        time.sleep(0.05)
    return pid


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
