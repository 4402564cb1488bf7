"""The warehouse sink against the bare consume loop, over the same records.

    python -m benchmarks.sink [--records 500000]

Starts a broker and a warehouse in a temporary directory, writes clicks and conversions, reads
them once with a loop that only takes each value, and once into ClickHouse. Prints both rates
(rows/s), their ratio, and how long one record takes from the broker's acknowledgement until a
query sees it. Goal: a ratio of at least 0.5, and under 2 s.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from deploy.kafka import EmbeddedBroker
from deploy.topics import create_topics
from events.clicks import Click
from events.codec import encode
from events.conversions import Deal
from events.log import BATCH, Writer, watermarks
from events.settings import Broker, Warehouse
from streams.schema import connect
from streams.sink import WarehouseSink

DAY_MS = 86_400_000
START_MS = 1_767_225_600_000
LINKS = 500
CLICKS_A_DEAL = 5
AT_REST_SAMPLES = 10


def write(broker: Broker, records: int) -> None:
    writer = Writer(broker)
    for number in range(records):
        at = START_MS + number * 10 % (30 * DAY_MS)
        link = f"link-{number % LINKS}"
        if number % CLICKS_A_DEAL:
            click = Click(
                click_id=f"{link}.AZOz9n4AQ2x1c2VkZm9vYmFyYmF6cXV4{number:08d}",
                link=link,
                program=f"program-{number % 5}",
                partner=f"partner-{number % LINKS // 5}",
                occurred_at=at,
                destination="https://shop.example/landing",
                referer="https://blog.example/post/17",
                user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
                device="desktop",
                browser="Chrome",
                os="Linux",
                country="DE",
                ip_hash="a3f5b2c4d6e7f809",
                invalid=("bot",) if number % 11 == 0 else (),
            )
            writer.append("clicks", key=link, value=encode(click))
        else:
            deal = Deal(
                program=f"program-{number % 5}",
                customer=f"customer-{number % 9973}",
                event_id=f"event-{number}",
                deal=f"order-{number}",
                amount=number % 50_000,
                currency="EUR",
                occurred_at=at,
                known=20,
                coupon_code="SUMMER",
            )
            writer.append("conversions", key=f"{deal.program}/{deal.customer}", value=encode(deal))
        if number % 10_000 == 0:
            writer.poll()
    writer.flush()


def consume_bare(broker: Broker) -> float:
    """Records a second of a loop that takes each record's value and nothing more."""
    ends = {
        (topic, partition): end
        for topic in ("clicks", "conversions")
        for partition, (_, end) in watermarks(broker, topic).items()
    }
    consumer = Consumer(broker.client(**{"group.id": "bare", "enable.auto.commit": False}))
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


def sink_all(broker: Broker, warehouse: Warehouse, records: int) -> float:
    """Records a second from the first fetch until the last row is in its table."""
    sink = WarehouseSink(broker, warehouse)
    rows = sink.step(30.0)
    while rows == 0:
        rows = sink.step(30.0)
    began = time.perf_counter()
    first = rows
    while rows < records:
        rows += sink.step(1.0)
    sink.settle()
    took = time.perf_counter() - began
    sink.close()
    return (records - first) / took


def at_rest(broker: Broker, warehouse: Warehouse, records: int) -> list[float]:
    """Seconds from the broker's acknowledgement of one record until a query sees it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "streams.sink_process", *_addresses(broker, warehouse)]
    )
    client, writer = connect(warehouse), Writer(broker, linger_ms=0)
    delays = []
    try:
        for number in range(AT_REST_SAMPLES + 1):
            value = encode(Click(f"rest-{number}", "rest", "program-0", "partner-0", START_MS))
            writer.append("clicks", key="rest", value=value)
            writer.flush()
            acked = time.perf_counter()
            query = f"SELECT count() FROM clicks WHERE link = 'rest' AND click_id = 'rest-{number}'"
            while client.query(query).result_rows[0][0] == 0:
                time.sleep(0.005)
            delays.append(time.perf_counter() - acked)
            time.sleep(0.5)
    finally:
        child.terminate()
        child.wait(20)
    return sorted(delays[1:])  # the first waits for the sink's start


def _addresses(broker: Broker, warehouse: Warehouse) -> list[str]:
    return [broker.servers, f"{warehouse.host}:{warehouse.port}/{warehouse.database}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=500_000)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory(prefix="pledger-bench-") as directory:
        home = Path(directory)
        embedded = EmbeddedBroker(home / "kafka")
        embedded.start()
        port_file = home / "warehouse.port"
        command = [sys.executable, "-m", "deploy.warehouse", "--path", str(home / "warehouse")]
        command += ["--port", "0", "--port-file", str(port_file)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            embedded.wait_ready()
            create_topics(embedded.broker)
            while not port_file.exists():
                time.sleep(0.05)
            port = int(port_file.read_text().split('"port": ')[1].split(",")[0])
            warehouse = replace(Warehouse("127.0.0.1", port), database="bench")
            report(embedded.broker, warehouse, records)
        finally:
            server.terminate()
            server.wait(20)
            embedded.stop()


def report(broker: Broker, warehouse: Warehouse, records: int) -> None:
    write(broker, records)
    consume_bare(broker)  # warms the page cache for both
    bare = consume_bare(broker)
    sink = sink_all(broker, warehouse, records)
    print(f"bare consume loop   {bare:12,.0f} records/s")
    print(f"warehouse sink      {sink:12,.0f} rows/s")
    print(f"ratio               {sink / bare:12.2f}   (goal: 0.50)")
    delays = at_rest(broker, warehouse, records)
    middle, worst = delays[len(delays) // 2], delays[-1]
    print(f"visible at rest     {middle * 1000:9.0f} ms median, {worst * 1000:.0f} ms at most")


if __name__ == "__main__":
    main()
