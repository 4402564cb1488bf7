"""What `pledger replay` refuses before it reads anything."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.audit import replay

app = typer.Typer()
app.command()(replay)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "say what to do"),
        (["--verify", "--partner", "jane", "--program", "acme"], "name one"),
        (["--verify", "--progress", "loud"], "loud"),
    ],
)
def test_refused(arguments: list[str], why: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*arguments, "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert why in done.output


def test_a_broker_that_is_away_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEDGER_BROKER", "127.0.0.1:1")
    done = CliRunner().invoke(app, ["--verify", "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "no Kafka broker answers at 127.0.0.1:1" in done.output
    assert not (tmp_path / "replay").exists()
