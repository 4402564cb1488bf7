"""Exit status 1 says that something was found; what keeps a command from looking is 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["audit", "index"], 2),
        (["corrections", "jane", "--as-of", "2026-01-01"], 2),
        (["forget", "partner:jane"], 2),
        (["forget", "--list"], 2),
        (["trail"], 1),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else str(given),
)
def test_no_broker(
    command: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEDGER_BROKER", "127.0.0.1:1")
    monkeypatch.setattr("cli.ledger.BROKER_SECONDS", 0.5)
    done = CliRunner().invoke(app, [*command, "--home", str(tmp_path)])
    assert "no Kafka broker answers" in done.output
    assert done.exit_code == status


def test_terms_that_are_a_directory_are_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["replay", "--what-if", str(tmp_path), "--program", "acme", "--home", str(tmp_path)]
    monkeypatch.setenv("PLEDGER_BROKER", "127.0.0.1:1")
    monkeypatch.setattr("cli.ledger.BROKER_SECONDS", 0.5)
    assert CliRunner().invoke(app, given).exit_code == 2
