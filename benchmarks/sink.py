"""The warehouse sink against the bare consume loop, over the same records.

    python -m benchmarks.sink [--records 500000]

Writes clicks and conversions, reads them with a loop that only takes each value, and once
into an embedded warehouse; then rebuilds that warehouse beside itself and switches over. Prints
the rates, their ratios, and how long one record takes from the broker's acknowledgement until a
query sees it.

Goal: a ratio of at least 0.5, and under 2 s.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.place import START_MS, TUNED, Place, consume_bare, place
from events.clicks import Click
from events.codec import encode
from events.conversions import Deal, conversion_key
from events.log import BATCH, Writer
from events.settings import Broker, Warehouse
from events.topics import CLICKS, CONVERSIONS
from streams.rebuild.rebuilding import Rebuild
from streams.schema import connect
from streams.sink import WarehouseSink

SOURCES = (CLICKS, CONVERSIONS)
DAY_MS = 86_400_000
LINKS = 500
RECORDS_A_DEAL = 5
"""One record in so many is a deal, the others are clicks."""
AT_REST_SAMPLES = 10
READY_S = 60
"""How long the warehouse may take to start, seconds."""


def write(broker: Broker, records: int) -> None:
    """Clicks and deals of a month."""
    writer = Writer(broker)
    for number in range(records):
        at = START_MS + number * 10 % (30 * DAY_MS)
        link = f"link-{number % LINKS}"
        if number % RECORDS_A_DEAL:
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
            writer.append(CLICKS, key=link, value=encode(click))
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
            key = conversion_key(deal.program, deal.customer)
            writer.append(CONVERSIONS, key=key, value=encode(deal))
        if number % BATCH == 0:
            writer.poll()
    writer.flush()


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


def at_rest(broker: Broker, warehouse: Warehouse) -> list[float]:
    """Seconds from the broker's acknowledgement of one record until a query sees it, sorted."""
    target = f"{warehouse.host}:{warehouse.port}/{warehouse.database}"
    child = subprocess.Popen([sys.executable, "-m", "streams.sink_process", broker.servers, target])
    client, writer = connect(warehouse), Writer(broker, linger_ms=0)
    delays = []
    try:
        for number in range(AT_REST_SAMPLES + 1):
            value = encode(Click(f"rest-{number}", "rest", "program-0", "partner-0", START_MS))
            writer.append(CLICKS, key="rest", value=value)
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


@contextmanager
def warehouse(here: Place) -> Iterator[Warehouse]:
    """An empty embedded warehouse beside the broker."""
    port_file = here.directory / "warehouse.port"
    command = [sys.executable, "-m", "deploy.warehouse", "--path", str(here.directory / "tables")]
    command += ["--port", "0", "--port-file", str(port_file)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_S
        while not port_file.exists():
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the warehouse did not start; its own words stand above")
            time.sleep(0.05)
        port = json.loads(port_file.read_text())["port"]
        yield Warehouse("127.0.0.1", port, database="bench")
    finally:
        server.terminate()
        server.wait(20)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=500_000)
    records = parser.parse_args().records
    with place() as here, warehouse(here) as target:
        write(here.broker, records)
        consume_bare(here.broker, SOURCES)  # warms the page cache for both
        bare = consume_bare(here.broker, SOURCES)
        sink = sink_all(here.broker, target, records)
        rebuilt = Rebuild(here.broker, target, here.home).run()
        tuned = consume_bare(here.broker, SOURCES, TUNED)
        delays = at_rest(here.broker, target)
    print(f"warehouse sink      {sink:12,.0f} rows/s")
    print(f"bare consume loop   {bare:12,.0f} records/s   ratio {sink / bare:5.2f}   (goal: 0.50)")
    print(f"  its queue tuned   {tuned:12,.0f} records/s   ratio {sink / tuned:5.2f}")
    again = rebuilt.records_per_second
    print(
        f"warehouse rebuild   {again:12,} rows/s      ratio {again / bare:5.2f}   "
        f"(switched over in {rebuilt.switch_seconds:.1f} s)"
    )
    middle, worst = delays[len(delays) // 2], delays[-1]
    print(f"visible at rest     {middle * 1000:9.0f} ms median, {worst * 1000:.0f} ms at most")


if __name__ == "__main__":
    main()
