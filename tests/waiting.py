"""Waiting for what another process does: as short as possible, and never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 90.0
LOOK_S = 0.02
"""How long to wait between two looks, seconds."""


def wait_until(true: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Return as soon as `true()` holds; AssertionError, naming `what`, when it never does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(LOOK_S)
