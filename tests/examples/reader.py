"""A reader who follows a document: writes its files, and types its commands.

`pledger` runs within this process, as elsewhere in the tests; everything else (`curl`) in a
shell. Before each command the ledger has processed what the one before it recorded, as it has
when a person types.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from deploy.status import Status, add_log
from events.settings import Settings
from tests.examples.document import Command, File, Known, difference

PATIENCE_S = 30.0
QUIET_ROUNDS = 2
"""How often nobody may be behind in turn: a record is between two topics for a moment."""


class Reader:
    """Follows one document in a directory of its own."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        self._known = Known()

    def follow(self, step: File | Command) -> str:
        """Write the file or run the command; what it printed (errors included)."""
        if isinstance(step, File):
            (self._directory / step.name).write_text(step.content, encoding="utf-8")
            return ""
        catch_up(self._settings)
        return self._run(self._known.filled(step.text))

    def check(self, step: Command, printed: str) -> str:
        """Where the output is not as promised; empty where it is."""
        return difference(self._known, step.promised, printed)

    def _run(self, command: str) -> str:
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(self._directory)
            if not command.startswith("pledger "):
                done = subprocess.run(
                    ["bash", "-c", command],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                return done.stdout
            result = CliRunner().invoke(app, shlex.split(command)[1:])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            return result.output


def catch_up(settings: Settings) -> None:
    """Wait until every processor and the warehouse have read to the end of the log."""
    deadline = time.monotonic() + PATIENCE_S
    quiet = 0
    while quiet < QUIET_ROUNDS:
        status = Status("", None, True, [])
        add_log(status, settings)
        behind = sum(sum(topics.values()) for topics in status.processors.values())
        behind += sum((status.warehouse_behind or {"warehouse": 1}).values())
        quiet = quiet + 1 if behind == 0 else 0
        assert time.monotonic() < deadline, f"still {behind} records behind"
