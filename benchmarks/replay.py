"""Replay with every comparison, against the bare consume loop of the same records; and a
what-if of the same log, which decides it twice, against the replay.

    python -m benchmarks.replay [--deals 300000] [--processes 2]

Goal: at least a third.
"""

from __future__ import annotations

import argparse
import time

from audit.parallel import replay_ledger
from audit.what_if.parallel import what_if
from audit.what_if.question import Question
from benchmarks.place import (
    PROGRAM,
    TUNED,
    consume_bare,
    place,
    sign_up_partners,
    wait_for,
    worker,
    write_deals,
)
from events.terms import Rule, Terms
from events.topics import ATTRIBUTIONS, CONVERSIONS, INSTRUCTIONS, JOURNAL
from projections.candidate import Candidate

READ = (CONVERSIONS, ATTRIBUTIONS, INSTRUCTIONS, JOURNAL)
TWELVE = Terms(2, 0, (Rule("sale 12%", "sale", "percentage", 1200),))
"""In the place of the 10 % that were paid."""


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
        question = Question((Candidate(PROGRAM, TWELVE),), frozenset((PROGRAM,)))
        began = time.perf_counter()
        answer = what_if(here.broker, question, processes=asked.processes)
        asking = answer.records / (time.perf_counter() - began)
    assert report.verified, report.differences
    assert answer.moved == asked.deals, answer.totals
    rate = report.records_per_second
    print(f"replay --verify     {rate:12,.0f} records/s")
    print(f"bare consume loop   {bare:12,.0f} records/s   ratio {rate / bare:5.2f}   (goal: 0.33)")
    print(f"  its queue tuned   {tuned:12,.0f} records/s   ratio {rate / tuned:5.2f}")
    print(f"replay --what-if    {asking:12,.0f} records/s   ratio {asking / rate:5.2f} to --verify")


if __name__ == "__main__":
    main()
