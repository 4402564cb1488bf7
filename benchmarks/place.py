"""A place to measure in: a broker of its own, a ledger's topics, and made-up partners.

Every figure is printed as a ratio to a peer or a limit that ran in the same place right
before or after it; absolute rates are this machine's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from aggregates.application import open_decisions
from deploy.kafka import EmbeddedBroker
from deploy.topics import create_topics
from events.codec import encode
from events.conversions import Deal, conversion_key
from events.log import BATCH, Writer, read, watermarks
from events.settings import Broker
from events.terms import Rule
from events.topics import CONVERSIONS, EMBEDDED_PARTITIONS

PROGRAM = "acme"
PARTNERS = 500
CUSTOMERS = 20_000
START_MS = 1_767_225_600_000
"""The first deal: 2026-01-01, 00:00 UTC."""
PROCESSED_S = 600.0
"""How long the workers may take for all deals, seconds."""
BARE = {"group.id": "bare", "enable.auto.commit": False}
"""Settings of the bare consume loop's consumer: librdkafka's defaults."""
TUNED = {
    **BARE,
    # By default a queue that was full is not refilled for a second, and the loop waits.
    "fetch.queue.backoff.ms": 20,
}
"""The fastest a loop gets here."""


@dataclass(frozen=True)
class Place:
    """A running broker, and a directory that goes when it goes."""

    broker: Broker
    directory: Path

    @property
    def home(self) -> Path:
        """Where the processes of this ledger keep their state."""
        return self.directory / "home"

    @property
    def environment(self) -> dict[str, str]:
        """Of a process of this ledger."""
        addresses = {"PLEDGER_HOME": str(self.home), "PLEDGER_BROKER": self.broker.servers}
        return {**os.environ, **addresses}


@contextmanager
def place(partitions: int = EMBEDDED_PARTITIONS) -> Iterator[Place]:
    """A broker with empty topics, in a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="pledger-bench-") as name:
        embedded = EmbeddedBroker(Path(name) / "kafka")
        embedded.start()
        try:
            embedded.wait_ready()
            create_topics(embedded.broker, partitions=partitions)
            yield Place(embedded.broker, Path(name))
        finally:
            embedded.stop()


FLAT_RATE = (Rule("sale 10%", "sale", "percentage", 1000),)


def sign_up_partners(
    broker: Broker, *, hold_days: int = 30, rules: Sequence[Rule] = FLAT_RATE, **terms: Any
) -> int:
    """A program, one flat rate unless `rules` and other `terms` say more, and its partners;
    returns the number of decisions."""
    decisions = open_decisions(broker)
    try:
        decisions.create_program(PROGRAM, "Acme", "EUR")
        decisions.add_terms(PROGRAM, list(rules), effective_from=0, hold_days=hold_days, **terms)
        for number in range(PARTNERS):
            partner = f"partner-{number}"
            decisions.register_partner(partner, partner)
            decisions.apply(partner, PROGRAM)
            decisions.approve(partner, PROGRAM)
        return 2 + 3 * PARTNERS
    finally:
        decisions.close()


def write_deals(broker: Broker, count: int, known: int, apart_ms: int = 1) -> None:
    """`count` deals of 20,000 customers, `apart_ms` from one to the next, each naming one of
    500 partners."""
    writer = Writer(broker)
    for number in range(count):
        customer = f"customer-{number % CUSTOMERS}"
        deal = Deal(
            program=PROGRAM,
            customer=customer,
            event_id=f"event-{number}",
            deal=f"order-{number}",
            amount=1_000 + number % 50_000,
            currency="EUR",
            occurred_at=START_MS + number * apart_ms,
            known=known,
            partner=f"partner-{number % PARTNERS}",
        )
        writer.append(CONVERSIONS, key=conversion_key(PROGRAM, customer), value=encode(deal))
        if number % BATCH == 0:
            writer.poll()
    writer.flush()


def records(broker: Broker, topic: str) -> int:
    """How many records stand in `topic`."""
    return sum(high - low for low, high in watermarks(broker, topic).values())


def consume_bare(
    broker: Broker, topics: Collection[str], settings: Mapping[str, object] = BARE
) -> float:
    """Records a second of a loop that takes each record's value and does nothing with it."""
    ends = {
        (topic, partition): high
        for topic in topics
        for partition, (_, high) in watermarks(broker, topic).items()
        if high
    }
    consumer = Consumer(broker.client(**settings))
    consumer.assign([TopicPartition(*spot, 0) for spot in ends])
    total, seen, size = sum(ends.values()), 0, 0
    began = time.perf_counter()
    while seen < total:
        for message in consumer.consume(min(BATCH, total - seen), 5.0):
            size += len(message.value() or b"")
            seen += 1
    took = time.perf_counter() - began
    consumer.close()
    return total / took


@contextmanager
def worker(here: Place, only: Collection[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process that runs the processors named in `only`."""
    here.home.mkdir(parents=True, exist_ok=True)
    log = here.directory / f"worker-{'-'.join(only)}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams.worker", "--only", ",".join(only)],
            env=here.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        except RuntimeError as problem:
            raise RuntimeError(f"{problem}\n{log.read_text()[-4_000:]}") from problem
        finally:
            process.terminate()
            process.wait(60)


def wait_for(broker: Broker, topic: str, count: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until `topic` holds `count` records."""
    deadline = time.monotonic() + PROCESSED_S
    while records(broker, topic) < count:
        if process.poll() is not None:
            raise RuntimeError(f"the worker ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{topic} has {records(broker, topic):,} of {count:,} records")
        time.sleep(0.05)


def rate_of(broker: Broker, topic: str, count: int, process: subprocess.Popen[bytes]) -> float:
    """Records a second between the first and the last of `count` records of `topic`, by the
    broker's own time stamps: the start of the process does not count."""
    wait_for(broker, topic, count, process)
    first, last = None, 0
    for partition, (_, high) in watermarks(broker, topic).items():
        if not high:
            continue
        [head] = read(broker, topic, partition, 0, 1)
        [tail] = read(broker, topic, partition, high - 1, high)
        first = head.recorded_at if first is None else min(first, head.recorded_at)
        last = max(last, tail.recorded_at)
    assert first is not None
    return count / max(0.001, (last - first) / 1000)
