"""Replay with every comparison, against the bare consume loop of the same records.

    python -m benchmarks.replay [--deals 300000] [--processes 2]

Goal: at least a third.
"""

from __future__ import annotations

import argparse

from audit.parallel import replay_ledger
from benchmarks.place import (
    TUNED,
    consume_bare,
    place,
    sign_up_partners,
    wait_for,
    worker,
    write_deals,
)
from events.topics import ATTRIBUTIONS, CONVERSIONS, INSTRUCTIONS, JOURNAL

READ = (CONVERSIONS, ATTRIBUTIONS, INSTRUCTIONS, JOURNAL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deals", type=int, default=300_000)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with place() as here:
        known = sign_up_partners(here.broker)
        write_deals(here.broker, asked.deals, known)
        with worker(here, ("attribution", "relay", "posting")) as process:
            wait_for(here.broker, JOURNAL, asked.deals, process)
        consume_bare(here.broker, READ)  # warms the page cache for both
        bare = consume_bare(here.broker, READ)
        report = replay_ledger(here.broker, None, processes=asked.processes)
        tuned = consume_bare(here.broker, READ, TUNED)
    assert report.verified, report.differences
    rate = report.records_per_second
    print(f"replay --verify     {rate:12,.0f} records/s")
    print(f"bare consume loop   {bare:12,.0f} records/s   ratio {rate / bare:5.2f}   (goal: 0.33)")
    print(f"  its queue tuned   {tuned:12,.0f} records/s   ratio {rate / tuned:5.2f}")


if __name__ == "__main__":
    main()
