"""A what-if's partitions, in processes of their own where there is enough to read."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Any

from audit import part_process
from audit.decided import Decided, read_decisions
from audit.log import DEFAULT_PATIENCE_S, KafkaLog, Log
from audit.read import Progress
from audit.what_if.answer import WhatIf
from audit.what_if.asking import Rounds, ask, rounds_here
from audit.what_if.attributing import Attributed, attribute_both_ways
from audit.what_if.booking import BothWays, book_both_ways
from audit.what_if.changes import Changes
from audit.what_if.question import Question
from events import topics
from events.settings import Broker

WORTH_PROCESSES = 40_000
"""Records of a log from which on processes of their own pay: they take a second to start."""

READ = (topics.CONVERSIONS, topics.ATTRIBUTIONS, topics.INSTRUCTIONS, topics.JOURNAL)


def records_to_read(log: Log) -> int:
    """How many records a what-if reads, as the log stands now."""
    return sum(sum(log.ends(topic).values()) for topic in READ)


def what_if(
    broker: Broker,
    question: Question,
    *,
    processes: int | None = None,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> WhatIf:
    """The answer of the ledger on `broker`, with as many processes as processors.

    `progress` is told how many records were read since it was told last. Raises AuditFailed.
    """
    log = KafkaLog(broker)
    if processes is None:
        processes = 1 if records_to_read(log) < WORTH_PROCESSES else os.cpu_count() or 1
    if processes == 1:
        return ask(log, question, rounds_here(log, question, patience, progress))
    return _in_processes(log, question, processes, patience, progress)


class _Process:
    """What a worker process keeps between its partitions."""

    log: KafkaLog
    decided: Decided
    question: Question
    patience: float
    passed: Any


def _in_processes(
    log: KafkaLog, question: Question, processes: int, patience: float, progress: Progress
) -> WhatIf:
    spawn = multiprocessing.get_context("spawn")  # librdkafka's threads do not survive a fork
    passed = spawn.Value("q", 0)
    told = 0
    pool = ProcessPoolExecutor(
        max_workers=processes,
        mp_context=spawn,
        initializer=_start,
        initargs=(log.broker.servers, dict(log.broker.options), question, patience, passed),
    )

    def results(job: Callable[..., Any], parts: list[tuple[Any, ...]]) -> Iterator[Any]:
        nonlocal told
        with part_process.undisturbed():
            waiting: set[Future[Any]] = {pool.submit(job, *part) for part in parts}
        while waiting:
            try:
                for done in as_completed(waiting, timeout=0.2):
                    waiting.discard(done)
                    yield done.result()
            except TimeoutError:
                pass
            progress(passed.value - told)
            told = passed.value

    def attributions(ends: dict[int, int]) -> Iterator[Attributed]:
        return results(_attribute, list(ends.items()))

    def journal(due: dict[int, list[Changes]], decisions: int) -> Iterator[BothWays]:
        return results(_book, [(target, changes, decisions) for target, changes in due.items()])

    with pool:
        try:
            return ask(log, question, Rounds(attributions, journal))
        except BaseException:
            part_process.stop(pool)
            raise


def _start(
    servers: str, options: dict[str, str], question: Question, patience: float, passed: Any
) -> None:
    part_process.begin()
    _Process.log = KafkaLog(Broker(servers, options))
    _Process.decided = read_decisions(_Process.log)
    _Process.question = question
    _Process.patience = patience
    _Process.passed = passed


def _progress(records: int) -> None:
    with _Process.passed.get_lock():
        _Process.passed.value += records


def _attribute(partition: int, end: int) -> Attributed:
    here = _Process
    return attribute_both_ways(
        here.log, here.decided, here.question, partition, end, here.patience, _progress
    )


def _book(partition: int, changes: list[Changes], decisions: int) -> BothWays:
    here = _Process
    return book_both_ways(
        here.log,
        here.decided,
        here.question,
        partition,
        changes,
        decisions,
        here.patience,
        _progress,
    )
