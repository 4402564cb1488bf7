"""The worker as it is run: shared partitions, a replaced worker that lives on, clean ends."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from contextlib import closing
from functools import partial

import pytest

from aggregates.application import Decisions, open_decisions
from events.settings import Settings
from streams.source import ThreadedService
from tests.streams.processes import (
    SESSION_MS,
    Started,
    all_ends,
    letters,
    started,
    wait_verified,
)
from tests.streams.scenes import (
    PARTNERS,
    PROGRAM,
    add_terms_of_tomorrow,
    append,
    conversions,
    found,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

WORKER = ("streams.worker", "--only", "attribution,relay,posting,payouts")
DRIVER = ("tests.streams.driver", "attribution,relay,posting,payouts")
EACH = 2_000


def shares(worker: Started) -> list[int]:
    """How many partitions each processor of a worker has."""
    return [len(places) for places in worker.partitions().values()]


def apart(one: Started, two: Started) -> bool:
    """Each says where it stands at times of its own: both do so after a rebalance only."""
    return not set(one.partitions()["posting"]) & set(two.partitions()["posting"])


def is_funded(decisions: Decisions, payout: str) -> bool:
    return decisions.payout(payout).status == "funded"


def test_two_workers_share_and_a_stopped_one_changes_nothing(ledger: Settings) -> None:
    known = found(ledger.broker)
    written = append(ledger.broker, conversions(EACH, known))
    with started(ledger, *WORKER) as one, started(ledger, *WORKER) as two:
        wait_until(lambda: shares(one) and all(shares(one)), "the first worker has partitions")
        wait_until(lambda: shares(two) and all(shares(two)), "the second worker has partitions")
        wait_until(lambda: apart(one, two), "no partition is with both")

        # Stopped beyond its session, in the middle of work; the other one takes over.
        written += append(ledger.broker, conversions(EACH, known, first=written))
        one.send(signal.SIGSTOP)
        wait_until(lambda: min(shares(two)) >= 4, "the second worker has every partition")
        written += append(ledger.broker, conversions(EACH, known, first=written))
        wait_verified(ledger.broker, two)

        # It goes on where it was, and must not be heard.
        one.send(signal.SIGCONT)
        written += append(ledger.broker, conversions(EACH, known, first=written))
        wait_until(lambda: all(shares(one)) and max(shares(two)) < 9, "shared again")
        whole = wait_verified(ledger.broker, two)
        assert whole.conversions == written

        assert two.end(signal.SIGKILL) == -signal.SIGKILL
        written += append(ledger.broker, conversions(EACH, known, first=written))
        whole = wait_verified(ledger.broker, one, 60)
        assert whole.conversions == written
        assert one.end(signal.SIGTERM) == 0
    assert not letters(ledger.broker)
    assert not list(ledger.run.glob(f"worker-{one.process.pid}.json"))


def test_a_restarted_worker_is_the_same_one_and_does_not_wait(ledger: Settings) -> None:
    known = found(ledger.broker)
    append(ledger.broker, conversions(EACH, known))
    with started(ledger, *WORKER) as one:
        wait_verified(ledger.broker, one)
        one.end(signal.SIGKILL)
    append(ledger.broker, conversions(EACH, known, first=EACH))
    with started(ledger, *WORKER) as again:
        began = time.monotonic()
        wait_until(lambda: again.partitions().get("posting"), "its partitions are back")
        took = time.monotonic() - began
        wait_verified(ledger.broker, again)
        assert [path.name for path in ledger.state.iterdir()] == ["worker-0"]
        assert again.end(signal.SIGINT) == 0
    print(f"partitions back after {took:.1f} s, session {SESSION_MS / 1000} s")


def test_payouts_are_told_to_their_aggregates(ledger: Settings) -> None:
    known = found(ledger.broker)
    append(ledger.broker, conversions(EACH, known))
    with closing(open_decisions(ledger.broker)) as decisions:
        with started(ledger, *WORKER) as worker:
            wait_verified(ledger.broker, worker)
            decisions.request_payout("po-1", PARTNERS[0], PROGRAM, "EUR")
            decisions.request_payout("po-2", PARTNERS[1], PROGRAM, "EUR", 10**12)
            wait_until(partial(is_funded, decisions, "po-1"), "po-1 is funded")
            wait_until(lambda: decisions.payout("po-2").status == "refused", "po-2 is refused")
            assert decisions.payout("po-1").amount > 0
            decisions.send_payout("po-1", "bank-17")
            decisions.settle_payout("po-1", "bank-17")
            whole = wait_verified(ledger.broker, worker)
            assert whole.kinds["payout_settled"] == 1
            worker.end(signal.SIGKILL)
        for step in ("decided", "flushed", "saved"):
            decisions.request_payout(f"po-{step}", PARTNERS[2], PROGRAM, "EUR", 1)
            with started(ledger, *DRIVER, die_at=f"payouts:{step}") as dying:
                assert dying.process.wait(60) == -signal.SIGKILL
        with started(ledger, *WORKER) as worker:
            for step in ("decided", "flushed", "saved"):
                wait_until(partial(is_funded, decisions, f"po-{step}"), f"po-{step} is funded")
            # All may have been done before it died: SIGTERM must not come before it began.
            wait_until(lambda: worker.partitions().get("posting"), "it works")
            wait_verified(ledger.broker, worker)
            assert worker.end() == 0
    assert not letters(ledger.broker)


@pytest.mark.parametrize("stops", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_a_worker_stopped_under_load_ends_cleanly(ledger: Settings, stops: int) -> None:
    known = found(ledger.broker)
    written = 0
    for _ in range(stops):
        written += append(ledger.broker, conversions(EACH, known, first=written))
        before = all_ends(ledger.broker)
        with started(ledger, *WORKER) as worker:
            wait_until(lambda: all_ends(ledger.broker) != before, "it writes")  # noqa: B023
            assert worker.end() == 0, worker.said()[-3_000:]
    with started(ledger, *WORKER) as worker:
        assert wait_verified(ledger.broker, worker).conversions == written


def test_nothing_is_begun_behind_a_stop() -> None:
    """What a stopped service was about to do would find everything closed."""

    async def stopped_between() -> tuple[list[int], list[BaseException]]:
        done: list[int] = []
        failures: list[BaseException] = []
        service = ThreadedService("one", failures.append)
        await service.start()
        await service.guarded(done.append, 1)
        await service.stop()
        await service.guarded(done.append, 2)
        return done, failures

    assert asyncio.run(stopped_between()) == ([1], [])


def test_an_unknown_engine_stops_the_worker(ledger: Settings) -> None:
    known = found(ledger.broker)
    add_terms_of_tomorrow(ledger.broker)
    append(ledger.broker, conversions(10, known + 1))
    with started(ledger, *WORKER) as worker:
        assert worker.process.wait(60) == 1
        assert "engine '99'; this version knows 1, 2. Upgrade this worker" in worker.said()
        assert re.search(
            r"(attribution of conversions|posting of instructions)/\d/\d", worker.said()
        )
