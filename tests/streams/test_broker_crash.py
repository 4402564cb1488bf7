"""The broker dies with SIGKILL under load and comes back; workers live on, or end in time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from audit.parallel import replay_ledger
from deploy.kafka import EmbeddedBroker
from deploy.topics import create_topics
from events import topics
from events.codec import encode
from events.conversions import conversion_key
from events.log import Writer, watermarks
from events.settings import Broker, Settings, Warehouse
from tests.conftest import TEST_PARTITIONS
from tests.streams.processes import Started, started, wait_verified
from tests.streams.scenes import append, conversions, found
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

WORKER = ("streams.worker", "--only", "attribution,relay,posting,payouts")
EACH = 5_000
AWAY_S = 2.0
"""How long the broker is gone: less than a worker waits for answers."""
GRACE_S = 4
"""How long the worker may take to stop, as its environment says."""


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker that only this test hurts."""
    embedded = EmbeddedBroker(tmp_path / "kafka")
    embedded.start()
    try:
        embedded.wait_ready()
        create_topics(embedded.broker, partitions=TEST_PARTITIONS)
        yield embedded
    finally:
        embedded.stop()


def settings_of(embedded: EmbeddedBroker, home: Path) -> Settings:
    return Settings(
        home=home,
        broker=embedded.broker,
        warehouse=Warehouse("127.0.0.1", 1),
        gateway="http://127.0.0.1:1",
        broker_is_external=True,
        warehouse_is_external=True,
    )


def crash(embedded: EmbeddedBroker) -> None:
    assert embedded.process is not None
    os.killpg(embedded.process.pid, signal.SIGKILL)
    embedded.process.wait(10)


def has_partitions(worker: Started) -> bool:
    places = worker.partitions().values()
    return bool(places) and all(places)


def written(broker: Broker, topic: str) -> int:
    return sum(high for _, high in watermarks(broker, topic).values())


@pytest.mark.parametrize("crashes", [1, pytest.param(5, marks=pytest.mark.soak)])
def test_workers_outlive_a_broker_that_is_killed_and_comes_back(
    own_broker: EmbeddedBroker, tmp_path: Path, crashes: int
) -> None:
    ledger = settings_of(own_broker, tmp_path / "home")
    known = found(ledger.broker)
    expected = append(ledger.broker, conversions(EACH, known))
    with ExitStack() as stack:
        workers = [stack.enter_context(started(ledger, *WORKER)) for _ in range(2)]
        wait_until(lambda: all(map(has_partitions, workers)), "both workers have partitions")
        ended = 0
        for _ in range(crashes):
            sender = Writer(ledger.broker)
            for conversion in conversions(EACH, known, first=expected):
                key = conversion_key(conversion.program, conversion.customer)
                sender.append(topics.CONVERSIONS, key=key, value=encode(conversion))
            expected += EACH
            crash(own_broker)
            time.sleep(AWAY_S)
            own_broker.start()
            own_broker.wait_ready()
            sender.flush()
            for number, worker in enumerate(workers):
                # A coordinator that died amid a rebalance has forgotten its newest member.
                if worker.process.poll() is not None:
                    assert "Static consumer fenced" in worker.said(), worker.said()[-3_000:]
                    workers[number] = stack.enter_context(started(ledger, *WORKER))
                    ended += 1
        whole = wait_verified(ledger.broker, workers[0], 90)
        assert whole.conversions == expected
        assert ended <= crashes - 1, "one crash, amid no rebalance, ends nobody"
        assert [worker.end() for worker in workers] == [0, 0], workers[0].said()[-3_000:]
    report = replay_ledger(ledger.broker, None, processes=2)
    # The conversions cite clicks of no gateway.
    assert {difference.kind for difference in report.differences} <= {"click"}
    assert report.conversions == expected


def test_a_worker_ends_in_time_without_a_broker(
    own_broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEDGER_GRACE_S", str(GRACE_S))
    ledger = settings_of(own_broker, tmp_path / "home")
    known = found(ledger.broker)
    append(ledger.broker, conversions(EACH, known))
    with started(ledger, *WORKER) as worker:
        wait_until(lambda: written(ledger.broker, topics.JOURNAL), "the worker writes")
        crash(own_broker)
        worker.send(signal.SIGTERM)
        worker.process.wait(GRACE_S + 30)  # raises when it still lives
