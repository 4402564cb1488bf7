"""One owner a directory, known by name.

The lock is the kernel's (`flock`), so it never outlives its owner; the process id is
written in the file so that whoever is refused can be told who holds the directory.
A lock handed to a child process (`pass_fds`) stays held while that child lives.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import psutil

from deploy import DeployError


class DirectoryLock:
    """An exclusive hold on `directory`, by the file `name` in it."""

    def __init__(self, directory: Path, name: str = "lock") -> None:
        self.directory = directory
        self.path = directory / name
        self.descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; `DeployError` names the process that has it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise DeployError(
                f"{self.directory} is in use by {describe(holder(self.path))}; "
                "stop that one first (pledger down), or choose another directory with --home"
            ) from None
        self.descriptor = descriptor
        self.name_holder(os.getpid())

    def name_holder(self, pid: int) -> None:
        """Write down which process the lock is held for."""
        assert self.descriptor is not None, "the lock is not held"
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{pid}\n".encode(), 0)

    def release(self) -> None:
        """Close our hold; children that inherited it keep theirs."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def holder(path: Path) -> int | None:
    """The process id that the lock file names, or None if nobody holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        written = os.pread(descriptor, 32, 0).decode().strip()
        return int(written) if written.isdigit() else 0
    finally:
        os.close(descriptor)
    return None


def describe(pid: int | None) -> str:
    """A process for a person to find: its id and command line."""
    if not pid:
        return "another process"
    try:
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return f"process {pid}"
    return f"process {pid} ({command[:160]})"
