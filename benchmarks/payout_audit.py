"""The audit of one payout among ten million journal entries, by the index of positions.

    python -m benchmarks.payout_audit [--entries 10000000] [--deals 500]

The whole process is timed, from its start to `verified`. Goal: under two seconds. Beside it,
the full scan of a real ledger that is smaller, which proves more.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time

from aggregates.application import open_decisions
from benchmarks.big_ledger import PAYOUT, BigLedger, own_clock
from benchmarks.place import (
    PARTNERS,
    PROGRAM,
    Place,
    place,
    records,
    sign_up_partners,
    wait_for,
    worker,
    write_deals,
)
from events.click_token import load_keys
from events.topics import JOURNAL

LIMIT_S = 2.0
SCANNED = 100_000
RUNS = 5
FUNDED_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = int(os.environ.get("PLEDGER_BENCH_ENTRIES", "10000000"))
    parser.add_argument("--entries", type=int, default=default)
    parser.add_argument("--deals", type=int, default=500, help="of the partner who is paid")
    parser.add_argument("--partners", type=int, default=5_000)
    parser.add_argument("--scanned", type=int, default=SCANNED)
    asked = parser.parse_args()
    _by_index(asked.entries, asked.deals, asked.partners)
    _by_scan(min(asked.scanned, asked.entries))


def _by_index(entries: int, deals: int, partners: int) -> None:
    with own_clock() as here:
        here.home.mkdir(parents=True)
        began = time.perf_counter()
        BigLedger(entries, deals, partners, load_keys(here.home / "keys")).write(here.broker)
        wrote = time.perf_counter() - began
        began = time.perf_counter()
        _pledger(here, "audit", "index")
        indexed = time.perf_counter() - began
        stand = records(here.broker, JOURNAL)
        _timed(here, "audit", "payout", PAYOUT)  # compiles the modules
        before = _processor_s()
        took = sorted(_timed(here, "audit", "payout", PAYOUT) for _ in range(RUNS))
        busy = (_processor_s() - before) / RUNS
    middle = took[RUNS // 2]
    print(
        f"journal entries     {stand:12,}    written in {wrote:.0f} s, indexed in {indexed:.0f} s"
    )
    print(
        f"audit by index      {middle:12.2f} s  (slowest of {RUNS}: {took[-1]:.2f})   "
        f"ratio {LIMIT_S / middle:5.2f}   (goal: 1.00, the limit of {LIMIT_S:g} s)"
    )
    print(f"  processor time    {busy:12.2f} s  of each")


def _processor_s() -> float:
    """Processor time of the commands that have ended, seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _by_scan(entries: int) -> None:
    with place() as here:
        known = sign_up_partners(here.broker, hold_days=0)
        write_deals(here.broker, entries, known)
        with worker(here, ("attribution", "relay", "posting", "payouts")) as process:
            wait_for(here.broker, JOURNAL, entries, process)
            _pay(here)
        took = _timed(here, "audit", "payout", PAYOUT, "--scan")
    print(f"full scan           {took:12.2f} s  of {entries:,} entries of {PARTNERS} partners")


def _pay(here: Place) -> None:
    decisions = open_decisions(here.broker)
    try:
        decisions.request_payout(PAYOUT, "partner-7", PROGRAM, "EUR", 1000)
        deadline = time.monotonic() + FUNDED_S
        while decisions.payout(PAYOUT).status == "requested":
            if time.monotonic() > deadline:
                raise RuntimeError(f"{PAYOUT} was not answered within {FUNDED_S:g} s")
            time.sleep(0.05)
    finally:
        decisions.close()


def _timed(here: Place, *command: str) -> float:
    began = time.perf_counter()
    said = _pledger(here, *command)
    took = time.perf_counter() - began
    if said.splitlines()[-1] != "verified":
        raise RuntimeError(said)
    if "--scan" not in command and "fetched by their positions" not in said:
        raise RuntimeError(f"the index did not serve:\n{said}")
    return took


def _pledger(here: Place, *command: str) -> str:
    environment = {**here.environment, "COLUMNS": "300"}
    # With compiled modules, as installed; here they may be forbidden.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(here.directory / "compiled")
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *command],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
