"""Attribution, relay and posting, each alone, against the bare consume loop and a peer.

    python -m benchmarks.processors [--deals 400000]

Each processor runs as a worker process with all it does live: state in RocksDB, output
flushed and checked, positions saved. Its rate is taken between its first and its last
record, by the broker's time stamps. The bare loop reads the same input. The peer is Quix
Streams counting the same instructions by key in its state, in an environment of its own,
once writing each count to a topic, as posting writes its entries, and once dropping it.

Goal: posting at least as fast as the peer's count.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.place import (
    Place,
    consume_bare,
    place,
    rate_of,
    sign_up_partners,
    wait_for,
    worker,
    write_deals,
)
from events.topics import ATTRIBUTIONS, CONVERSIONS, INSTRUCTIONS, JOURNAL

QUIX_ENVIRONMENT = Path(".venv-quix")
STEPS = (
    ("attribution", CONVERSIONS, ATTRIBUTIONS),
    ("relay", ATTRIBUTIONS, INSTRUCTIONS),
    ("posting", INSTRUCTIONS, JOURNAL),
)


def quix_python() -> Path:
    """The peer's own environment, made on first use: it needs an older confluent-kafka."""
    python = QUIX_ENVIRONMENT / "bin" / "python"
    if not (QUIX_ENVIRONMENT / ".installed").exists():
        print(f"Installing Quix Streams into {QUIX_ENVIRONMENT} (once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(QUIX_ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "quixstreams>=3"], check=True)
        (QUIX_ENVIRONMENT / ".installed").touch()
    return python


def quix_rate(here: Place, count: int, output: str = "") -> float:
    """Records a second of the peer's stateful count, written to the topic `output` if given."""
    script = Path(__file__).with_name("quix_count.py")
    command = [str(quix_python()), str(script), here.broker.servers, INSTRUCTIONS, str(count)]
    command += [str(here.directory / f"quix{output}"), *([output] if output else [])]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    measured = json.loads(answer.stdout.splitlines()[-1])
    return float(measured["records"] / measured["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deals", type=int, default=400_000)
    deals = parser.parse_args().deals
    rates, bare = {}, {}
    with place() as here:
        known = sign_up_partners(here.broker)
        write_deals(here.broker, deals, known)
        for name, source, target in STEPS:
            consume_bare(here.broker, (source,))  # warms the page cache for both
            bare[name] = consume_bare(here.broker, (source,))
            with worker(here, (name,)) as process:
                wait_for(here.broker, target, deals, process)
                rates[name] = rate_of(here.broker, target, deals, process)
        quix_dropped = quix_rate(here, deals)
        quix_written = quix_rate(here, deals, "counts")
    print(f"{'':12}{'records/s':>12}{'bare loop':>12}{'ratio':>8}")
    for name, _, _ in STEPS:
        print(f"{name:12}{rates[name]:12,.0f}{bare[name]:12,.0f}{rates[name] / bare[name]:8.2f}")
    posting = rates["posting"]
    print("Quix Streams' stateful count of the same instructions")
    for what, rate in (("written to a topic", quix_written), ("dropped", quix_dropped)):
        print(f"  {what:20}{rate:12,.0f}   posting / count {posting / rate:5.2f}   (goal: 1.00)")


if __name__ == "__main__":
    main()
