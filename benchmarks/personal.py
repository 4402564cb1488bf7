"""What marked fields cost the gateway: conversions a second, and its processor time for each.

    python -m benchmarks.personal [--conversions 40000]

A real broker and a real gateway, each a process, in a temporary directory. The same deals go
in three times, in batches of 2,000 lines: to a program that marks nothing; to one that marks
the customer, the identity and an e-mail address, all customers new (each gets a key, on the
disk before its deal is written); and to the same again, the keys being there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import msgspec

from aggregates.application import open_decisions
from aggregates.open_vault import open_vault
from benchmarks.gateway import cpu_seconds, prepare
from benchmarks.place import Place, place
from deploy.ports import LOOPBACK, free_port
from events.settings import load

LINES = 2_000
MARKED = ("customer", "identity", "metadata.email")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversions", type=int, default=40_000)
    asked = parser.parse_args()
    with place() as here:
        measure(here, asked.conversions)


def measure(here: Place, conversions: int) -> None:
    port = free_port()
    command = [sys.executable, "-m", "deploy.parts", "gateway", "--port", str(port)]
    gateway = subprocess.Popen(command, env=here.environment)
    address = f"http://{LOOPBACK}:{port}"
    try:
        prepare(address)
        vault = open_vault(load(here.environment))
        decisions = open_decisions(here.broker, vault=vault)
        decisions.create_program("marked", "Marked", "EUR")
        decisions.mark_personal_fields("marked", MARKED)
        decisions.close()
        time.sleep(1)  # until the gateway has read it
        for what, program, events in (
            ("warming up", "acme", "w"),
            ("nothing marked", "acme", "a"),
            ("marked, new customers", "marked", "a"),
            ("marked, known customers", "marked", "b"),
        ):
            bodies = list(batches(program, events, conversions))
            spent, started = cpu_seconds(gateway.pid), time.perf_counter()
            with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
                for body in bodies:
                    answer = client.post(
                        "/v1/conversions",
                        content=body,
                        headers={"content-type": "application/x-ndjson"},
                    )
                    assert answer.json()["accepted"] == LINES, answer.text[:500]
            taken = time.perf_counter() - started
            spent = cpu_seconds(gateway.pid) - spent
            print(
                f"{what:<24} {conversions / taken:>9,.0f} /s "
                f"{spent / conversions * 1e6:>7.1f} us of processor time each"
            )
    finally:
        gateway.terminate()
        gateway.wait(20)


def batches(program: str, events: str, conversions: int) -> Iterator[bytes]:
    """NDJSON of deals, each of another customer."""
    for start in range(0, conversions, LINES):
        yield b"\n".join(
            msgspec.json.encode(
                {
                    "type": "deal",
                    "program": program,
                    "customer": f"customer-{number}@example.com",
                    "event_id": f"{events}-{number}",
                    "deal": f"{events}-{number}",
                    "amount": 4_999,
                    "currency": "EUR",
                    "identity": f"identity-{number}",
                    "metadata": {"email": f"customer-{number}@example.com", "shop": "north"},
                }
            )
            for number in range(start, start + LINES)
        )


if __name__ == "__main__":
    main()
