"""`pledger replay` on a real log: killed anywhere it goes on, and reports what one run does."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from aggregates.application import open_decisions
from events import topics
from events.codec import encode
from events.conversions import Deal, conversion_key
from events.log import Writer, watermarks
from events.settings import Settings
from events.terms import Rule
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

DEALS = 4_000
SECONDS = 120


def sold(settings: Settings) -> None:
    """Deals of two partners in two programs, processed to the end."""
    decisions = open_decisions(settings.broker)
    for program in ("acme", "zeta"):
        decisions.create_program(program, program, "EUR")
        rules = [Rule("sale", "sale", "percentage", 1000)]
        decisions.add_terms(program, rules, effective_from=0, hold_days=0)
    for partner in ("jane", "omar"):
        decisions.register_partner(partner, partner)
        for program in ("acme", "zeta"):
            decisions.apply(partner, program)
            decisions.approve(partner, program)
    decisions.close()
    writer = Writer(settings.broker)
    for number in range(DEALS):
        program, partner = ("acme", "zeta")[number % 2], ("jane", "omar")[number % 3 == 0]
        customer = f"customer-{number}"
        deal = Deal(
            program, customer, f"e{number}", f"d{number}", 1000, "EUR", 1_767_225_600_000, 14,
            partner=partner,
        )  # fmt: skip
        key = conversion_key(program, customer)
        writer.append(topics.CONVERSIONS, key=key, value=encode(deal))
    writer.flush()
    with started(settings, "streams.worker", "--only", "attribution,relay,posting") as worker:
        wait_until(lambda: _booked(settings) == DEALS, "all deals booked")
        assert worker.end() == 0, worker.said()[-3_000:]


def _booked(settings: Settings) -> int:
    return sum(end for _, end in watermarks(settings.broker, topics.JOURNAL).values())


def replay(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    command = "from cli.audit import replay; import typer; typer.run(replay)"
    environment = {
        **os.environ,
        "PLEDGER_HOME": str(settings.home),
        "PLEDGER_BROKER": settings.broker.servers,
    }
    return subprocess.Popen(
        [sys.executable, "-c", command, "--verify", "--processes", "2", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def report(settings: Settings, *arguments: str) -> tuple[dict[str, Any], str]:
    said, errors = replay(settings, "--json", *arguments).communicate(timeout=SECONDS)
    found: dict[str, Any] = json.loads(said)
    assert found["verified"], found["differences"]
    for name in ("seconds", "records_per_second"):
        del found[name]
    return found, errors


def parts(home: Path) -> list[str]:
    return [path.name for path in home.glob("replay/*/*") if "-" in path.name]


def test_killed_at_random_it_goes_on(ledger: Settings) -> None:
    sold(ledger)
    expected, _ = report(ledger, "--fresh")
    assert expected["entries"] == DEALS
    chance = random.Random(11)
    for count, how in ((1, signal.SIGINT), (3, signal.SIGKILL), (6, signal.SIGKILL)):
        process = replay(ledger)
        while process.poll() is None and len(parts(ledger.home)) < count:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.05)
        process.send_signal(how)
        _, errors = process.communicate(timeout=SECONDS)
        assert "Traceback" not in errors
        assert process.returncode != 0 or not parts(ledger.home)
        if not parts(ledger.home):  # it was quicker than we
            break
    begun = list(ledger.home.glob("replay/*/plan"))
    found, said = report(ledger)
    assert found == expected
    assert ("going on with the replay" in said) == bool(begun)
    assert parts(ledger.home) == []
    again, said = report(ledger)
    assert (again, said) == (expected, "")


def test_one_partner_and_one_program(ledger: Settings) -> None:
    sold(ledger)
    whole, _ = report(ledger)
    by_partner = [report(ledger, "--partner", name)[0] for name in ("jane", "omar")]
    by_program = [report(ledger, "--program", name)[0] for name in ("acme", "zeta")]
    for found in (by_partner, by_program):
        assert sum(part["entries"] for part in found) == whole["entries"] == DEALS
    assert sum(part["conversions"] for part in by_program) == whole["conversions"]
    process = replay(ledger, "--partner", "nobody")
    _, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, "not in the log" in errors) == (2, True)
