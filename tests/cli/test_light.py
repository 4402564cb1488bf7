"""A command answers at once: what talks to Kafka or ClickHouse is loaded by those that do."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("aiokafka", "chdb", "clickhouse_connect", "confluent_kafka", "eventsourcing", "faust")


def test_the_command_line_loads_nothing_heavy() -> None:
    asked = f"import sys, cli.main; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
