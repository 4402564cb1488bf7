"""`pledger up`, `status` and `down` on real parts: what dies comes back, a stop leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.running import group_members, supervisor_of
from events.settings import endpoints_file

pytestmark = pytest.mark.broker

PORTS = ["--port=0", "--warehouse-port=0", "--gateway-port=0"]
PARTS = ["broker", "warehouse", "gateway", "worker-1"]


def pledger(home: Path, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", arguments[0], "--home", str(home), *arguments[1:]]
    environ = {name: value for name, value in os.environ.items() if "PLEDGER" not in name}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environ)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def status(home: Path) -> dict[str, Any]:
    """`pledger status --json`, healthy or not."""
    found: dict[str, Any] = json.loads(pledger(home, "status", "--json", code=None).stdout)
    return found


def part(home: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in status(home)["parts"] if p["name"] == name)
    return found


def until(what: str, holds: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


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


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_comes_back_at_its_address(home: Path, name: str) -> None:
    before = part(home, name)
    os.kill(before["pid"], signal.SIGKILL)
    until(
        f"{name} is back",
        lambda: part(home, name)["restarts"] > before["restarts"] and status(home)["healthy"],
    )
    after = part(home, name)
    assert after["address"] == before["address"]
    assert after["pid"] != before["pid"]


def test_a_killed_supervisor_takes_its_parts_along(home: Path) -> None:
    parts = status(home)["parts"]
    os.kill(status(home)["supervisor"], signal.SIGKILL)
    if sys.platform == "linux":
        until("the parts are gone", lambda: all(gone(p["pid"]) for p in parts), seconds=10)
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


def test_a_part_that_does_not_start_stops_all_and_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "warehouse").write_text("a file where a directory belongs")
    refused = pledger(tmp_path, "up", *PORTS, code=2)
    assert "the warehouse did not start" in refused.stderr
    assert "broker     stopped" in refused.stdout
    assert supervisor_of(tmp_path) is None


def test_ctrl_c_stops_what_has_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "up", "--home", str(tmp_path), *PORTS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("broker ")
    process.send_signal(signal.SIGINT)
    said = process.stdout.read()
    assert process.wait(30) == 0
    assert "broker     stopped" in said
    assert supervisor_of(tmp_path) is None
