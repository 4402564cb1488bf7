"""The scheduler starts what is due, from the warehouse's balances, and says how it is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from deploy import health
from events.settings import Settings, Warehouse
from tests.cli.payout_scene import deciding, found_program, sell
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker


def test_a_due_run_is_started_once(
    ledger: Settings, warehouse_database: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = warehouse_database
    address = f"clickhouse://{found.host}:{found.port}/{found.database}"
    monkeypatch.setenv("PLEDGER_WAREHOUSE", address)
    with deciding(ledger) as decisions:
        known = found_program(
            decisions, ("jane",), engine="2", payout_schedule="weekly", payout_day=1
        )
    home = replace(ledger, home=ledger.home / "scheduler")
    home.home.mkdir(parents=True)
    with started(ledger, "streams.worker"):
        sell(ledger, known, {"jane": 20_000})
        with started(home, "cli.scheduler") as scheduler, deciding(ledger) as decisions:
            wait_until(
                lambda: decisions.payout_ids() != [], f"a run: {scheduler.said()}", seconds=60
            )
            [payout] = decisions.payout_ids()
            assert payout.startswith("acme-20") and payout.endswith("-eur-jane")
            wait_until(lambda: decisions.payout(payout).status == "funded", "funded")
            heartbeat = health.scheduler_heartbeat(home)
            assert json.loads(heartbeat.read_text())["problem"] == ""
            assert health.scheduler_problem(heartbeat) is None
            assert scheduler.end() == 0, scheduler.said()
            assert not heartbeat.exists()


def test_a_look_that_fails_is_told(ledger: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGER_WAREHOUSE", "clickhouse://127.0.0.1:1/ledger")
    with deciding(ledger) as decisions:
        found_program(decisions, ("jane",), engine="2", payout_schedule="weekly", payout_day=1)
    heartbeat = health.scheduler_heartbeat(ledger)
    with started(ledger, "cli.scheduler") as scheduler:
        wait_until(
            lambda: "no warehouse answers" in (health.scheduler_problem(heartbeat) or ""),
            "the problem is told",
        )
        assert scheduler.end() == 0, scheduler.said()
