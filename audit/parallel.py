"""A replay's partitions, in processes of their own.

Each process opens the log for itself and reads the decisions for itself; what comes back
is small: counts, sums and differences.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from audit import part_process
from audit.decided import Decided, read_decisions
from audit.kept_parts import KeptParts, Rests, keeping, keys_digest, open_parts
from audit.log import DEFAULT_PATIENCE_S, KafkaLog
from audit.prove_attributions import ProvedAttributions, prove_attributions
from audit.prove_journal import ProvedJournal, prove_journal
from audit.read import Progress
from audit.relayed import Due
from audit.replay import ReplayReport, Rounds, replay
from audit.replay_plan import code_version, plan_replay, planned_records
from audit.scope import WHOLE, Scope
from events import topics
from events.click_token import ClickKeys
from events.log.identity import log_identity
from events.settings import Broker

__all__ = ["DEFAULT_PATIENCE_S", "open_replay", "replay_ledger"]

TELL_EVERY_S = 0.2
"""How often the progress is told, seconds."""


class _Process:
    """What a worker process keeps between its partitions."""

    log: KafkaLog
    decided: Decided
    keys: ClickKeys | None
    patience: float
    scope: Scope
    passed: Any


def open_replay(
    home: Path, broker: Broker, keys: ClickKeys | None, scope: Scope, *, fresh: bool
) -> KeptParts:
    """What an interrupted replay of `scope` below `home` left, or a new one's plan.

    Raises LogError when the broker does not answer.
    """
    log = KafkaLog(broker)
    names = [topic.name for topic in topics.TOPICS]
    rests = Rests(
        log=log_identity(broker, *names),
        code=code_version(),
        keys=keys_digest(keys),
        partitions={name: log.partitions(name) for name in names},
    )
    return open_parts(home, log, rests, scope, fresh=fresh, now=int(time.time() * 1000))


def replay_ledger(
    broker: Broker,
    keys: ClickKeys | None,
    *,
    scope: Scope = WHOLE,
    kept: KeptParts | None = None,
    processes: int | None = None,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
    expect: Callable[[int], None] = lambda records: None,
) -> ReplayReport:
    """Decide the ledger on `broker` again, with as many processes as processors.

    `progress` is told how many records were read since it was told last; `expect`, once, how
    many there are to be read. With `kept`, its plan is carried out: partitions that an
    interrupted replay had finished are not read again, and what finishes is kept.
    """
    log = KafkaLog(broker)
    plan = kept.plan if kept is not None else plan_replay(log, scope)
    spawn = multiprocessing.get_context("spawn")  # librdkafka's threads do not survive a fork
    passed = spawn.Value("q", 0)
    told = 0

    def tell() -> None:
        nonlocal told
        progress(passed.value - told)
        told = passed.value

    first = set(plan.conversion_ends)
    second = set(plan.scope.journals(log.partitions(topics.JOURNAL)))
    if kept is not None:
        first -= kept.partitions("attributions")
        second -= kept.partitions("journal")
    expect(planned_records(log, plan, first=first, second=second))
    with ProcessPoolExecutor(
        max_workers=processes or os.cpu_count() or 1,
        mp_context=spawn,
        initializer=_start,
        initargs=(broker.servers, dict(broker.options), keys, patience, plan.scope, passed),
    ) as pool:

        def results(jobs: list[Any]) -> Iterator[Any]:
            waiting = set(jobs)
            while waiting:
                try:
                    for job in as_completed(waiting, timeout=TELL_EVERY_S):
                        waiting.discard(job)
                        yield job.result()
                except TimeoutError:
                    pass
                tell()

        def attributions(ends: dict[int, int]) -> Iterator[ProvedAttributions]:
            with part_process.undisturbed():
                jobs = [pool.submit(_attributions, p, end) for p, end in ends.items()]
            return results(jobs)

        def journal(due: Due, partitions: list[int]) -> Iterator[ProvedJournal]:
            with part_process.undisturbed():
                jobs = [pool.submit(_journal, p, due) for p in partitions]
            return results(jobs)

        rounds = Rounds(attributions, journal)
        if kept is not None:
            rounds = keeping(rounds, kept)
        try:
            report = replay(log, rounds, plan, progress)
        except BaseException:
            part_process.stop(pool)
            raise
    if kept is not None:
        kept.drop()
    return report


def _start(
    servers: str,
    options: dict[str, str],
    keys: ClickKeys | None,
    patience: float,
    scope: Scope,
    passed: Any,
) -> None:
    part_process.begin()
    _Process.log = KafkaLog(Broker(servers, options))
    _Process.decided = read_decisions(_Process.log)
    _Process.keys = keys
    _Process.patience = patience
    _Process.scope = scope
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
        _Process.scope,
    )


def _journal(partition: int, due: Due) -> ProvedJournal:
    return prove_journal(
        _Process.log,
        _Process.decided,
        partition,
        due,
        _Process.patience,
        _progress,
        _Process.scope,
    )
