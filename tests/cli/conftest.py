"""`pledger` as a person runs it: arguments in, text and an exit code out, on a real broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from cli.main import app
from events.settings import Settings


class CommandFailed(AssertionError):
    def __init__(self, arguments: tuple[str, ...], code: int, said: str) -> None:
        super().__init__(f"pledger {' '.join(arguments)}: exit code {code}: {said}")
        self.code = code
        self.said = said


COMMAND = get_command(app)
"""Made once: of a hundred commands with their options that takes a tenth of a second."""


def invoke(arguments: list[str], input: str | None = None) -> Result:
    """What `pledger …` did."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("typer.testing._get_command", lambda _: COMMAND)  # it makes it each time
        return CliRunner().invoke(app, arguments, input=input)


def run(*arguments: str, input: str | None = None) -> str:
    """Standard output of `pledger …`; raises CommandFailed, with what it said on stderr."""
    result = invoke(list(arguments), input)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code:
        raise CommandFailed(arguments, result.exit_code, result.stderr or result.stdout)
    return result.stdout


def ask(*arguments: str) -> Any:
    """What `pledger … --json` answers."""
    return json.loads(run(*arguments, "--json"))


@pytest.fixture
def here(ledger: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An empty ledger that `pledger` finds by its environment."""
    monkeypatch.setenv("PLEDGER_HOME", str(ledger.home))
    monkeypatch.setenv("PLEDGER_BROKER", ledger.broker.servers)
    monkeypatch.setenv("PLEDGER_WAREHOUSE", "clickhouse://127.0.0.1:1/ledger")
    yield ledger
