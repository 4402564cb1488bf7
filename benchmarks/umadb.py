"""A full verified replay, against reading all from UmaDB and folding the same.

    python -m benchmarks.umadb [--deals 300000]

UmaDB is an event store in Rust whose reads are its strength; its Python client is an extension
of its own. It is given the same conversions and instructions, byte for byte, in the order in which
Kafka has them, and is read by one client from the first to the last.

Equal: the bytes that are read, the decoder, the folds (attribution and posting, single-threaded,
state in memory), the decisions they are folded by, the machine, both servers on loopback. That
both folded the same is asserted: so many credits, and the sums of all legs.

Not equal: UmaDB speaks gRPC and gives every event as an object with its tags; Kafka gives
batches. UmaDB has no partitions, so what this ledger reads in parallel it reads in one stream.
And a replay does more: it also reads all attributions and entries, compares each with what was
folded byte for byte, routes and sums the instructions, checks hashes. So the last line but one
counts what is folded (a conversion or an instruction), not what is read.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.decided import Decided, read_decisions
from audit.log import KafkaLog
from audit.parallel import replay_ledger
from benchmarks.place import place, sign_up_partners, wait_for, worker, write_deals
from benchmarks.same_fold import Fact, Folded, fold
from events.log import read, watermarks
from events.settings import Broker
from events.topics import CONVERSIONS, INSTRUCTIONS, JOURNAL

FOLDED = (CONVERSIONS, INSTRUCTIONS)
APPENDED = 5_000
"""Events an append."""
BATCHES = (1_000, 10_000)
"""Events a batch that UmaDB is asked for: its best counts."""
START_S = 20.0
ROUNDS = 2

try:
    import umadb
except ImportError:
    umadb = None


@contextmanager
def server(directory: Path) -> Iterator[str]:
    """A UmaDB of its own in `directory`, with its defaults; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [str(Path(sys.executable).with_name("umadb")), "--listen", address]
    with (directory / "umadb.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--db-path", str(directory / "uma.db")], stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                umadb.Client(f"http://{address}").head()
                break
            except Exception:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((directory / "umadb.log").read_text()) from None
                time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


def copy(broker: Broker, address: str) -> int:
    """All that is folded, from Kafka into UmaDB; how many."""
    client, count = umadb.Client(address), 0
    waiting = []
    for topic in FOLDED:
        for partition in watermarks(broker, topic):
            for record in read(broker, topic, partition):
                waiting.append(umadb.Event(f"{topic}/{partition}", record.value or b""))
                count += 1
                if len(waiting) == APPENDED:
                    client.append(waiting)
                    waiting = []
    if waiting:
        client.append(waiting)
    return count


def of_kafka(broker: Broker) -> Iterator[Fact]:
    for topic in FOLDED:
        for partition in watermarks(broker, topic):
            for record in read(broker, topic, partition):
                yield Fact(topic, partition, record.offset, record.recorded_at, record.value or b"")


def of_umadb(address: str, batch: int) -> Iterator[Fact]:
    """Its position stands for the time: it never falls, and no term here depends on it."""
    numbers: Counter[str] = Counter()
    places: dict[str, tuple[str, int]] = {}
    client = umadb.Client(address, batch_size=batch)  # gone, it would end the answer
    answer = client.read()
    while events := answer.next_batch():
        for sequenced in events:
            event = sequenced.event
            stream = event.event_type
            if stream not in places:
                topic, _, partition = stream.partition("/")
                places[stream] = topic, int(partition)
            topic, number = places[stream]
            yield Fact(topic, number, numbers[stream], sequenced.position, event.data)
            numbers[stream] += 1


def timed(facts: Iterator[Fact], decided: Decided) -> tuple[float, Folded]:
    """Facts a second, and what was folded."""
    began = time.perf_counter()
    folded = fold(facts, decided)
    return folded.facts / (time.perf_counter() - began), folded


def drained(facts: Iterator[Fact]) -> float:
    """Facts a second that are only read."""
    began = time.perf_counter()
    count = sum(1 for _ in facts)
    return count / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deals", type=int, default=300_000)
    parser.add_argument("--processes", type=int, default=2, help="of the parallel replay")
    asked = parser.parse_args()
    if umadb is None:
        print("UmaDB is not installed, nothing is compared: pip install '.[bench]'")
        return
    with place() as here:
        known = sign_up_partners(here.broker)
        write_deals(here.broker, asked.deals, known)
        with worker(here, ("attribution", "relay", "posting")) as process:
            wait_for(here.broker, JOURNAL, asked.deals, process)
        decided = read_decisions(KafkaLog(here.broker))
        with server(here.directory) as address:
            facts = copy(here.broker, address)
            read_uma, batch = max((drained(of_umadb(address, size)), size) for size in BATCHES)
            uma, by_uma = max(timed(of_umadb(address, batch), decided) for _ in range(ROUNDS))
        read_kafka = drained(of_kafka(here.broker))
        kafka, by_kafka = max(timed(of_kafka(here.broker), decided) for _ in range(ROUNDS))
        replays = {
            count: replay_ledger(here.broker, None, processes=count)
            for count in (1, asked.processes)
        }
    assert by_uma == by_kafka and by_uma.credits == asked.deals, (by_uma, by_kafka)
    print(f"{facts:,} conversions and instructions, folded by attribution and posting")
    print(f"{'':34}{'folded/s':>10}{'to UmaDB':>10}{'read/s':>12}")
    print(f"{'UmaDB, read all and fold':34}{uma:10,.0f}{1:10.2f}{read_uma:12,.0f}  only reading")
    print(
        f"{'Kafka, the same':34}{kafka:10,.0f}{kafka / uma:10.2f}{read_kafka:12,.0f}  only reading"
    )
    for count, report in replays.items():
        assert report.verified, report.differences
        rate = facts / report.seconds
        name = f"replay --verify, {count} process" + ("es" if count > 1 else "")
        print(f"{name:34}{rate:10,.0f}{rate / uma:10.2f}{report.records_per_second:12,}  verified")


if __name__ == "__main__":
    main()
