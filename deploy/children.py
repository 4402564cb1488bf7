"""Child processes that never outlive their purpose.

Each part runs in a process group of its own, so that a Ctrl-C at the terminal reaches
only whoever started it, and so that a part's own children end with it. On Linux the
kernel kills a part whose parent died without a chance to stop it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal this process gets when its parent dies."""

# Loaded here: between fork and exec nothing may take a lock, and loading does.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def own_group() -> None:
    """For `preexec_fn`: a process group of its own, which ends with the parent."""
    os.setpgid(0, 0)
    if _libc is not None:
        # Killed, not asked: a stopped part could not answer, and every part survives a kill.
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_group(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Ask a part's group to end, kill what is left after `seconds`; the exit code."""
    if process.poll() is None:
        signal_group(process.pid, signal.SIGTERM)
        # A stopped process would not see it.
        signal_group(process.pid, signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group; one that has ended already is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
