"""A replay's partitions, in processes of their own.

Each process opens the log for itself and reads the decisions for itself; what comes back
is small: counts, sums and differences.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from audit.decided import Decided, read_decisions
from audit.log import DEFAULT_PATIENCE_S, KafkaLog
from audit.prove_attributions import ProvedAttributions, prove_attributions
from audit.prove_journal import ProvedJournal, prove_journal
from audit.read import Progress
from audit.relayed import Due
from audit.replay import ReplayReport, Rounds, replay
from events import topics
from events.click_token import ClickKeys
from events.settings import Broker

__all__ = ["DEFAULT_PATIENCE_S", "replay_ledger"]

GC_THRESHOLD = 200_000
"""Allocations between collections. What a fold makes holds no cycles."""


class _Process:
    """What a worker process keeps between its partitions."""

    log: KafkaLog
    decided: Decided
    keys: ClickKeys | None
    patience: float
    passed: Any


def replay_ledger(
    broker: Broker,
    keys: ClickKeys | None,
    *,
    processes: int | None = None,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> ReplayReport:
    """Decide the whole ledger on `broker` again, with as many processes as processors.

    `progress` is told how many records were read since it was told last.
    """
    spawn = multiprocessing.get_context("spawn")  # librdkafka's threads do not survive a fork
    passed = spawn.Value("q", 0)
    told = 0

    def tell() -> None:
        nonlocal told
        progress(passed.value - told)
        told = passed.value

    with ProcessPoolExecutor(
        max_workers=processes or os.cpu_count() or 1,
        mp_context=spawn,
        initializer=_start,
        initargs=(broker.servers, dict(broker.options), keys, patience, passed),
    ) as pool:

        def results(jobs: list[Any]) -> Iterator[Any]:
            waiting = set(jobs)
            while waiting:
                try:
                    for job in as_completed(waiting, timeout=0.2):
                        waiting.discard(job)
                        yield job.result()
                except TimeoutError:
                    pass
                tell()

        def attributions(ends: dict[int, int]) -> Iterator[ProvedAttributions]:
            return results([pool.submit(_attributions, p, end) for p, end in ends.items()])

        def journal(due: Due) -> Iterator[ProvedJournal]:
            partitions = range(KafkaLog(broker).partitions(topics.JOURNAL))
            return results([pool.submit(_journal, p, due) for p in partitions])

        try:
            return replay(KafkaLog(broker), Rounds(attributions, journal))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start(
    servers: str, options: dict[str, str], keys: ClickKeys | None, patience: float, passed: Any
) -> None:
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    _Process.log = KafkaLog(Broker(servers, options))
    _Process.decided = read_decisions(_Process.log)
    _Process.keys = keys
    _Process.patience = patience
    _Process.passed = passed


def _progress(records: int) -> None:
    with _Process.passed.get_lock():
        _Process.passed.value += records


def _attributions(partition: int, end: int) -> ProvedAttributions:
    return prove_attributions(
        _Process.log,
        _Process.decided,
        partition,
        end,
        _Process.keys,
        _Process.patience,
        _progress,
    )


def _journal(partition: int, due: Due) -> ProvedJournal:
    return prove_journal(
        _Process.log, _Process.decided, partition, due, _Process.patience, _progress
    )
