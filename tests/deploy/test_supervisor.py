"""`pledger up`, `status` and `down` on real parts: what dies comes back, a stop leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.running import group_members, read_parts, supervisor_of
from events.settings import Settings, endpoints_file
from events.topics import JOURNAL
from tests.deploy.test_topics import set_topic
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

PORTS = ["--port=0", "--warehouse-port=0", "--gateway-port=0"]
PARTS = ["broker", "warehouse", "gateway", "worker-1", "scheduler"]


def pledger(
    home: Path, *arguments: str, code: int | None = 0, **settings: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", arguments[0], "--home", str(home), *arguments[1:]]
    environ = {name: value for name, value in os.environ.items() if "PLEDGER" not in name}
    environ |= settings
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environ)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def status(home: Path) -> dict[str, Any]:
    """`pledger status --json`, healthy or not."""
    found: dict[str, Any] = json.loads(pledger(home, "status", "--json", code=None).stdout)
    return found


def gone(pid: int) -> bool:
    return not group_members(pid)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("home")
    pledger(directory, "up", "--detach", *PORTS)
    yield directory
    pledger(directory, "down", code=None)


def test_all_parts_are_healthy(home: Path) -> None:
    found = status(home)
    assert [(p["name"], p["healthy"]) for p in found["parts"]] == [(name, True) for name in PARTS]
    assert found["healthy"]
    assert found["supervisor"] == supervisor_of(home)
    assert found["topics"]["journal"]["partitions"] == 8
    assert found["topics"]["decisions"]["partitions"] == 1
    assert set(found["processors"]) >= {"attribution", "relay", "posting", "payouts"}
    assert json.loads(endpoints_file(home).read_text())["gateway"].startswith("http://127.0.0.1:")


def test_a_second_supervisor_is_refused_and_told_who_runs(home: Path) -> None:
    for arguments in (["up", *PORTS], ["up", "--detach", *PORTS]):
        refused = pledger(home, *arguments, code=2)
        assert f"in use by process {supervisor_of(home)} (" in refused.stderr
        assert "cli.main up" in refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("names", [["broker"], PARTS[1:]], ids="-".join)
def test_killed_parts_come_back_at_their_addresses(home: Path, names: list[str]) -> None:
    before = {part.name: part for part in read_parts(home).parts}
    for name in names:
        os.kill(before[name].pid, signal.SIGKILL)

    def back() -> bool:
        parts = read_parts(home).parts
        again = [p for p in parts if p.name in names and p.restarts > before[p.name].restarts]
        return len(again) == len(names) and all(part.healthy for part in parts)

    wait_until(back, f"{names} are back")
    found = status(home)
    assert found["healthy"], found["parts"]
    for part in found["parts"]:
        assert part["address"] == before[part["name"]].address
        assert part["name"] not in names or part["pid"] != before[part["name"]].pid


def test_a_killed_supervisor_takes_its_parts_along(home: Path) -> None:
    parts = status(home)["parts"]
    os.kill(status(home)["supervisor"], signal.SIGKILL)
    if sys.platform == "linux":
        wait_until(lambda: all(gone(p["pid"]) for p in parts), "the parts are gone", seconds=10)
    pledger(home, "up", "--detach", *PORTS)
    found = status(home)
    assert found["healthy"], found["parts"]
    assert not {p["pid"] for p in parts} & {p["pid"] for p in found["parts"]}


def test_down_stops_every_process(home: Path) -> None:
    found = status(home)
    pledger(home, "down")
    assert gone(found["supervisor"])
    assert all(gone(p["pid"]) for p in found["parts"])
    assert supervisor_of(home) is None
    assert not endpoints_file(home).exists()
    assert "nothing runs" in pledger(home, "down").stdout
    assert not status(home)["healthy"]


def test_a_part_that_does_not_start_stops_all_and_shows_its_log(ledger: Settings) -> None:
    ledger.home.mkdir()
    (ledger.home / "warehouse").write_text("a file where a directory belongs")
    refused = pledger(ledger.home, "up", *PORTS, code=2, PLEDGER_BROKER=ledger.broker.servers)
    assert "the warehouse did not start" in refused.stderr
    assert "warehouse  stopped" in refused.stdout
    assert supervisor_of(ledger.home) is None


def test_ctrl_c_stops_what_has_started(ledger: Settings) -> None:
    command = [sys.executable, "-m", "cli.main", "up", "--home", str(ledger.home), *PORTS]
    environ = {**os.environ, "PLEDGER_BROKER": ledger.broker.servers}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    assert process.stdout is not None
    while not process.stdout.readline().startswith("warehouse "):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    said = process.stdout.read()
    assert process.wait(30) == 0
    assert "warehouse  stopped" in said
    assert supervisor_of(ledger.home) is None


def test_a_given_broker_is_used_and_its_topics_are_checked(ledger: Settings) -> None:
    set_topic(ledger.broker, JOURNAL, "retention.ms", "604800000")
    refused = pledger(ledger.home, "up", *PORTS, code=2, PLEDGER_BROKER=ledger.broker.servers)
    assert f"{ledger.broker.servers} (PLEDGER_BROKER)" in refused.stdout
    assert "topic journal: retention.ms=604800000, must be -1" in refused.stderr
    assert not (ledger.home / "broker").exists()
