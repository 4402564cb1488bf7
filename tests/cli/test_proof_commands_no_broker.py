"""What proves something says at once, in words, that there is no ledger to prove it from."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.mark.parametrize(
    "command",
    [
        ["audit", "payout", "po-1"],
        ["audit", "partner", "jane"],
        ["audit", "run", "2026-11"],
        ["audit", "invoice", "acme-2026-11"],
        ["audit", "index"],
        ["audit", "state"],
        ["explain", "D-1"],
        ["replay", "--verify"],
        ["replay", "--count-clicks", "bot", "--program", "acme"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_broker_that_is_away(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEDGER_BROKER", "127.0.0.1:1")
    monkeypatch.setattr("cli.ledger.BROKER_SECONDS", 0.5)
    done = CliRunner().invoke(app, [*command, "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert done.output == (
        "error: no Kafka broker answers at 127.0.0.1:1; start the ledger with `pledger up`, or set "
        "PLEDGER_BROKER to the broker to use\n"
    )
