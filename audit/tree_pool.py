"""The trees of a large log, each in a process of its own: they share nothing."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, wait
from typing import Any

from audit.against import Sizes, marks_in_turn
from audit.log import KafkaLog
from audit.read import Progress
from audit.trees import Marks, marks_of
from events.settings import Broker

WORTH_RECORDS = 200_000
"""Below, starting processes takes longer than reading."""
TELL_EVERY_S = 0.2


class _Process:
    """What a worker process keeps between its trees."""

    log: KafkaLog
    passed: Any


def mark_trees(
    broker: Broker, sizes: Sizes, progress: Progress, processes: int | None = None
) -> dict[str, Marks]:
    """The trees at these sizes, by as many processes as processors where that is worth it."""
    if sum(max(wanted, default=0) for wanted in sizes.values()) < WORTH_RECORDS:
        return marks_in_turn(KafkaLog(broker), sizes, progress)
    spawn = multiprocessing.get_context("spawn")  # librdkafka's threads do not survive a fork
    passed = spawn.Value("q", 0)
    told = 0
    with ProcessPoolExecutor(
        max_workers=processes or os.cpu_count() or 1,
        mp_context=spawn,
        initializer=_start,
        initargs=(broker, passed),
    ) as pool:
        # The largest first, so that none is begun when all others are done.
        names = sorted(sizes, key=lambda name: max(sizes[name], default=0), reverse=True)
        jobs = {name: pool.submit(_marks, name, sizes[name]) for name in names}
        try:
            waiting = set(jobs.values())
            while waiting:
                waiting = wait(waiting, TELL_EVERY_S).not_done
                progress(passed.value - told)
                told = passed.value
            return {name: job.result() for name, job in jobs.items()}
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start(broker: Broker, passed: Any) -> None:
    _Process.log = KafkaLog(broker)
    _Process.passed = passed


def _marks(name: str, sizes: list[int]) -> Marks:
    return marks_of(_Process.log, name, sizes, _told)


def _told(records: int) -> None:
    with _Process.passed.get_lock():
        _Process.passed.value += records
