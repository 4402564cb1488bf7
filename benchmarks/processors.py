"""Attribution, relay and posting, each alone, against the bare consume loop and a peer.

    python -m benchmarks.processors [--deals 400000]

Each processor runs as a worker process with all it does live: state in RocksDB, output
flushed and checked, positions saved. Its rate is taken between its first and its last
record, by the broker's time stamps. The bare loop reads the same input. The peer is Quix
Streams counting the same instructions by key in its state, in an environment of its own,
once writing each count to a topic, as posting writes its entries, and once dropping it.

Goal: posting at least as fast as the peer's count.

Then posting under terms of engine 2, on ledgers of their own: with the same one percentage,
and with realistic terms (tiers by month from the threshold on, a hold, a bonus, a cap by
partner and month), its deals spread over months.

Goal: realistic terms at least 0.60 of engine 1's one flat rate.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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
from events.terms import Bonus, Cap, Level, Rule, Tiers
from events.topics import ATTRIBUTIONS, CONVERSIONS, INSTRUCTIONS, JOURNAL

QUIX_ENVIRONMENT = Path(".venv-quix")
ROUNDS = 2
APART_MS = 30_000
"""Between deals that are spread over months."""
REALISTIC: dict[str, Any] = {
    "rules": (
        Rule(
            "sale",
            "sale",
            "percentage",
            1_000,
            tiers=Tiers((Level(1_000_00, 1_200), Level(10_000_00, 1_500)), "amount", "month"),
        ),
    ),
    "bonuses": (Bonus("hundred sales", 100, 50_00, measure="count", period="month"),),
    "caps": (Cap("monthly", "partner", 5_000_00, "month"),),
}
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


def posting_rate(deals: int, **terms: Any) -> float:
    """Entries a second of posting, alone, on a ledger with these terms."""
    with place() as here:
        known = sign_up_partners(here.broker, **terms)
        write_deals(here.broker, deals, known, APART_MS)
        with worker(here, ("attribution", "relay")) as process:
            wait_for(here.broker, INSTRUCTIONS, deals, process)
        with worker(here, ("posting",)) as process:
            wait_for(here.broker, JOURNAL, deals, process)
            return rate_of(here.broker, JOURNAL, deals, process)


def compare_terms(deals: int) -> None:
    """Print how fast posting is by the terms it books under: the best of some rounds each, for
    whatever else the machine does only slows it down."""
    rounds = [
        (
            posting_rate(deals),
            posting_rate(deals, engine="2"),
            posting_rate(deals, engine="2", **REALISTIC),
        )
        for _ in range(ROUNDS)
    ]
    flat, percentage, realistic = (max(rates) for rates in zip(*rounds, strict=True))
    print("Posting by terms")
    print(f"  engine 1, one flat rate   {flat:12,.0f}")
    print(f"  engine 2, one percentage  {percentage:12,.0f}   / flat {percentage / flat:5.2f}")
    print(
        f"  engine 2, realistic       {realistic:12,.0f}   / flat {realistic / flat:5.2f}"
        "   (goal: 0.60)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deals", type=int, default=400_000)
    parser.add_argument("--only-terms", action="store_true", help="only posting by terms")
    asked = parser.parse_args()
    deals = asked.deals
    if asked.only_terms:
        compare_terms(deals)
        return
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
    compare_terms(deals)


if __name__ == "__main__":
    main()
