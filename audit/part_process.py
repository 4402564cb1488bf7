"""A process that reads partitions for another one: how it begins, and how it ends with it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

GC_THRESHOLD = 200_000
"""Allocations between collections. What a fold makes holds no cycles."""


def begin() -> None:
    """To be called first in a process of a pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Processes that are started meanwhile are born deaf to Ctrl-C, which otherwise would meet
    them before `begin`, amid their imports. Here it arrives afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool at once, whatever they are at."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


def _end_with_parent() -> None:
    """A killed parent cannot stop its processes; left alone they would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
