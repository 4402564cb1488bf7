"""Questions to a broker that may be away for a while: asked again until it answers.

A broker that is restarted, or hands a partition to another, refuses at once. A worker that
ended for that would find the same broker when it is started again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from events.log import LogError

PATIENCE_S = 60.0
"""How long a broker may be away: as long as `Writer.flush` waits for it."""

PAUSE_S = 0.1

AWAY = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._DESTROY_BROKER,  # the connection was given up meanwhile
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._WAIT_COORD,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
    }
)
"""Errors of a broker, a leader or a coordinator that is away or has just come; one that has
just come may not know its topics yet."""

T = TypeVar("T")


class Interrupted(Exception):
    """The worker is told to stop while it rebuilds a fold or waits for the broker."""


def answered(ask: Callable[[], T], what: str, stopping: threading.Event) -> T:
    """The answer to `ask`. Raises LogError, naming `what` was asked, when the broker refuses
    or has been away for PATIENCE_S; Interrupted when the worker is told to stop meanwhile."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except (KafkaException, LogError) as problem:
            why = _said_by_kafka(problem)
            if why is None:
                raise
            if why.code() not in AWAY or time.monotonic() > deadline:
                raise LogError(f"{what}: {why.str()}") from problem
            if stopping.wait(PAUSE_S):
                raise Interrupted(what) from problem


def _said_by_kafka(problem: BaseException | None) -> KafkaError | None:
    """The client's own error behind `problem`."""
    while problem is not None and not isinstance(problem, KafkaException):
        problem = problem.__cause__
    return None if problem is None else problem.args[0]
