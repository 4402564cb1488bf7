"""Death at a named step, so that tests can ask of each gap "and if it dies here?".

    PLEDGER_DIE_AT=posting:flushed      at the first round of posting, right after its flush
    PLEDGER_DIE_AT=posting:flushed:3    at the third

Death is SIGKILL: nothing is closed, nothing is said, as when the machine fails.
"""

from __future__ import annotations

import os
import signal

_WANTED, _, _TURN = os.environ.get("PLEDGER_DIE_AT", "").partition(":")
_STEP, _, _COUNT = _TURN.partition(":")
_left = int(_COUNT or 1)


def reached(processor: str, step: str) -> None:
    """Die here if the environment says so."""
    global _left
    if processor == _WANTED and step == _STEP:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
