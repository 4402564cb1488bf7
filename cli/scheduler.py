"""What is due by the calendar: once a minute a look for payout runs, and for checkpoints to sign.

What is due follows from the terms and the time, and a run's id from its period, so it does not
matter how many of these run, or how often one looks: each run starts once. A checkpoint is due
when something was added since the last one and PLEDGER_CHECKPOINT_MINUTES have passed. A look that
fails (a warehouse that is away) is told in the log and in the heartbeat, and the next one looks
again.
The supervisor runs it by `python -m cli.scheduler`, with the home in `PLEDGER_HOME`.

    run/scheduler.json    process, time and outcome of the newest look; renewed every second
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any

from aggregates.acting import acting, host
from aggregates.application import Decisions, open_decisions
from aggregates.errors import NotFound
from audit.checkpointing import Checkpointing
from cli.due_runs import due_runs
from cli.failures import in_words, is_expected
from cli.run_plan import planned, start_run
from cli.signing import checkpoint_minutes, signer
from deploy import DeployError
from deploy.health import scheduler_heartbeat
from deploy.parts import check_log
from events.decisions import Origin
from events.settings import Settings, SettingsError, load
from streams.decisions import DirectoryFollower

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0
BEAT_S = 1.0
AUTHOR = "schedule"
"""Who asks for the payouts of a due run."""


def run(settings: Settings, every: float = LOOK_EVERY_S) -> None:
    """Look every `every` seconds until SIGTERM or SIGINT. Raises DeployError for a log that
    must not be written to."""
    check_log(settings)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    minutes = checkpoint_minutes()
    checkpoints = signer(settings, _alive(settings, stopped)) if minutes else None
    problem = ""
    _beat(settings, problem)
    while not stopped.is_set():
        # The log is read once and then followed, until something fails.
        with _parts(settings) as parts:
            while not stopped.is_set() and not problem:
                problem = _look(settings, *parts) if parts else "the broker does not answer"
                if parts and checkpoints:
                    # No checkpoint waits because a run could not start.
                    problem = _sign(checkpoints, parts[1], minutes) or problem
                _wait(settings, stopped, every, problem)
        problem = ""
    scheduler_heartbeat(settings).unlink(missing_ok=True)


def start_due(
    settings: Settings, follower: DirectoryFollower, ledger: Decisions, source: str
) -> Iterator[dict[str, Any]]:
    """The runs that are due and not whole yet, started and asked for, one after another."""
    for one in due_runs(follower.directory, time.time_ns() // 1_000_000):
        try:
            missing = len(ledger.run(one.run).payouts) - len(ledger.payouts_of(one.run))
        except NotFound:
            candidates = planned(settings, follower, one.program, one.unit, source)
            if not start_run(ledger, one.run, candidates, AUTHOR):
                continue
            missing = len(candidates.paid)
        if missing:
            payouts = sum(1 for _ in ledger.request_run(one.run, AUTHOR))
            yield {
                "run": one.run,
                "program": one.program,
                "unit": one.unit,
                "payouts": payouts,
                "asked_for": missing,
            }


@contextmanager
def _parts(settings: Settings) -> Iterator[tuple[DirectoryFollower, Decisions] | None]:
    """The decisions, to follow and to add to; None where they cannot be read now."""
    try:
        follower = DirectoryFollower(settings.broker)
        application = open_decisions(settings.broker)
    except Exception as problem:
        if not is_expected(problem):
            raise
        log.error("%s", in_words(problem))
        yield None
        return
    with (
        closing(follower),
        closing(application),
        acting(Origin(via="scheduler", by=AUTHOR, source=host())),
    ):
        yield follower, application


def _look(settings: Settings, follower: DirectoryFollower, ledger: Decisions) -> str:
    """Start what is due; what kept it from that, or nothing."""
    try:
        follower.refresh()
        ledger.refresh()
        for started in start_due(settings, follower, ledger, "warehouse"):
            log.info("run %s: %s payouts", started["run"], started["payouts"])
    except Exception as problem:
        if not is_expected(problem):
            raise
        log.error("%s", in_words(problem))
        return in_words(problem)
    return ""


def _sign(checkpoints: Checkpointing, ledger: Decisions, minutes: float) -> str:
    """Sign a checkpoint if one is due; what kept it from that, or nothing."""
    try:
        checkpoints.prepare(ledger, AUTHOR)
        if checkpoints.due(time.time_ns() // 1_000_000, minutes):
            signed = checkpoints.sign(ledger, AUTHOR)
            if signed:
                log.info("checkpoint %s signed", signed.checkpoint)
    except _Stopped:
        return ""
    except Exception as problem:
        if not is_expected(problem):
            raise
        log.error("%s", in_words(problem))
        return in_words(problem)
    return ""


class _Stopped(Exception):
    """The scheduler was asked to stop while it read the log."""


def _alive(settings: Settings, stopped: threading.Event) -> Callable[[int], None]:
    """What a long read tells of itself: it keeps the heartbeat, and ends when asked to."""
    beaten = 0.0

    def tell(records: int) -> None:
        nonlocal beaten
        if stopped.is_set():
            raise _Stopped
        if time.monotonic() - beaten >= BEAT_S:
            beaten = time.monotonic()
            _beat(settings, "")

    return tell


def _wait(settings: Settings, stopped: threading.Event, seconds: float, problem: str) -> None:
    """Wait, and say every second that we live."""
    until = time.monotonic() + seconds
    while not stopped.is_set() and time.monotonic() < until:
        _beat(settings, problem)
        stopped.wait(BEAT_S)


def _beat(settings: Settings, problem: str) -> None:
    path = scheduler_heartbeat(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    beat = {"pid": os.getpid(), "at": int(time.time() * 1000), "problem": problem}
    draft.write_text(json.dumps(beat))
    draft.replace(path)


def main() -> int:
    """Run the scheduler of this home."""
    try:
        run(load())
    except (DeployError, SettingsError) as error:
        sys.exit(f"error: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
