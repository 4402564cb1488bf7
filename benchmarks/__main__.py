"""All benches, one after another: `python -m benchmarks [processors sink gateway replay …]`."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys

import psutil

BENCHES = ("processors", "sink", "gateway", "replay", "umadb", "payout_audit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benches", nargs="*", choices=[*BENCHES, []], help="default: all")
    asked = parser.parse_args().benches or BENCHES
    cores = len(psutil.Process().cpu_affinity())
    print(f"Python {platform.python_version()}, {cores} processors shared with the broker")
    for bench in asked:
        print(f"\n{bench}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{bench}"], check=True)


if __name__ == "__main__":
    main()
