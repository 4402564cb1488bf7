"""Redirects a second that are in the log, against the bare producer of the same records.

    python -m benchmarks.gateway [--seconds 10] [--connections 256]

A real broker and a real gateway, each a process, in a temporary directory on this machine;
`wrk` makes the visitors where it is installed, else a small client in Python, which is then
the slowest part. The peer writes the clicks that the gateway wrote, byte for byte, with the
same settings (acks=all, idempotent), and does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from benchmarks.place import Place, place, records
from deploy.ports import LOOPBACK, free_port
from events.log import Writer, read
from events.settings import Broker
from events.topics import CLICKS, EMBEDDED_PARTITIONS
from gateway.delivery import LINGER_MS

WARM_UP_S = 3
HEALTHY_S = 30
"""How long the gateway may take to start, seconds."""
LINKS = 64
"""Links that are followed in turn: they spread over the partitions."""
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
TURNS = """
local links = {links}
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/c/link-" .. (n % links) .. "?sub1=news&gclid=abc")
end
"""
BARE_RECORDS = 1_000_000
"""What the peer writes: the clicks of the gateway, again and again."""
BARE_SAMPLE = 20_000
"""Clicks of each partition that the peer takes."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=256)
    asked = parser.parse_args()
    with place() as here:
        measure(here, asked.seconds, asked.connections)


def measure(here: Place, seconds: int, connections: int) -> None:
    port = free_port()
    command = [sys.executable, "-m", "deploy.parts", "gateway", "--port", str(port)]
    gateway = subprocess.Popen(command, env=here.environment)
    try:
        address = f"http://{LOOPBACK}:{port}"
        prepare(address)
        script = here.directory / "turns.lua"
        script.write_text(TURNS.replace("{links}", str(LINKS)))
        visit(address, WARM_UP_S, connections, script)
        before = records(here.broker, CLICKS)
        spent = cpu_seconds(gateway.pid)
        redirects, latency = visit(address, seconds, connections, script)
        spent = cpu_seconds(gateway.pid) - spent
        clicks = records(here.broker, CLICKS) - before
    finally:
        gateway.terminate()
        gateway.wait(20)
    assert clicks >= redirects * seconds * 0.99, "redirects that are not in the log"
    bare = bare_producer(here.broker)
    print(f"acked redirects   {redirects:>10,.0f} /s   {latency}")
    print(f"bare producer     {bare:>10,.0f} /s")
    print(f"ratio             {redirects / bare:>10.3f}")
    print(f"gateway's CPU     {spent / clicks * 1e6:>10.1f} us a redirect, user and kernel")
    print(f"clicks in the log {clicks:>10,}")


def cpu_seconds(pid: int) -> float:
    """What a process has spent, user and kernel."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def prepare(address: str) -> None:
    """A program, a partner, and its links."""
    with httpx.Client(base_url=address, trust_env=False, timeout=20) as client:
        deadline = time.monotonic() + HEALTHY_S
        while True:
            try:
                client.get("/healthz").raise_for_status()
                break
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        agreement = {"program": "acme"}
        for path, body in (
            ("/v1/programs", {"program": "acme", "name": "Acme", "currency": "EUR"}),
            ("/v1/partners", {"partner": "jane", "name": "Jane"}),
            ("/v1/partners/jane/apply", agreement),
            ("/v1/partners/jane/approve", agreement),
        ):
            client.post(path, json=body).raise_for_status()
        for number in range(LINKS):
            link = {"link": f"link-{number}", "program": "acme", "partner": "jane"}
            destination = "https://shop.example/spring?utm_source=partner"
            client.post("/v1/links", json={**link, "destination": destination}).raise_for_status()


def visit(address: str, seconds: int, connections: int, script: Path) -> tuple[float, str]:
    """Redirects a second, and what is known of the latency."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return asyncio.run(small_client(address, seconds)), "small client (install wrk)"
    command = [wrk, "-t2", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script)]
    command += ["-H", f"User-Agent: {BROWSER}", address]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told:
        raise SystemExit(f"not all were redirected:\n{told}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    half, most = (re.search(rf"^ +{part}% +(\S+)", told, re.M) for part in (50, 99))
    assert rate and half and most, told
    return float(rate[1]), f"p50 {half[1]}, p99 {most[1]}, {connections} connections"


async def small_client(address: str, seconds: int, visitors: int = 64) -> float:
    """Redirects a second of `visitors` that follow links over one connection each."""
    deadline = time.perf_counter() + seconds
    done = 0
    host, port = address.removeprefix("http://").split(":")

    async def follow(number: int) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection(host, int(port))
        path = f"/c/link-{number % LINKS}?sub1=news&gclid=abc"
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {BROWSER}\r\n\r\n".encode()
        while time.perf_counter() < deadline:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b" 302 " in answer[:16], answer
            done += 1
        writer.close()

    await asyncio.gather(*(follow(number) for number in range(visitors)))
    return done / seconds


def bare_producer(broker: Broker) -> float:
    """Records a second of the clicks that were just written."""
    clicks = [
        (record.key, record.value)
        for partition in range(EMBEDDED_PARTITIONS)
        for record in read(broker, CLICKS, partition, 0, BARE_SAMPLE)
    ]
    writer = Writer(broker, linger_ms=LINGER_MS)
    writer.flush()
    started = time.perf_counter()
    for number in range(BARE_RECORDS):
        key, value = clicks[number % len(clicks)]
        assert key is not None and value is not None
        writer.append(CLICKS, key=key, value=value)
    writer.flush()
    return BARE_RECORDS / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
