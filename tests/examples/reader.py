"""A reader who follows a document: writes its files, and types its commands.

`pledger` runs within this process, as elsewhere in the tests; everything else (`curl`) in a
shell. Before a command that asks what became of something, or that records the next thing, the
ledger has processed what was recorded before, as it has when a person types.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.status import (
    GROUP,
    READS,
    SECONDS,
    behind,
    committed_offsets,
    topic_ends,
    warehouse_positions,
)
from deploy.topics import connect
from events.settings import Settings
from events.topics import TOPICS
from tests.cli.conftest import invoke
from tests.examples.document import Command, File, Known, difference

PATIENCE_S = 30.0
STAND_INS = Path(__file__).parent / "stand_ins"
"""`curl` for machines that have none."""
WIDTH = 140
QUIET_ROUNDS = 2
"""How often nobody may be behind in turn: a record is between two topics for a moment."""
DECIDING = ("programs", "terms", "partners", "agreements", "coupons", "links", "registrations")
"""Groups of commands that decide by what is decided; one after the other waits for nobody."""


class Reader:
    """Follows one document in a directory of its own."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self._processed = Processed(settings)
        self._directory = directory
        self._known = Known()
        self._has_decided_only = True

    def follow(self, step: File | Command) -> str:
        """Write the file or run the command; what it printed (errors included)."""
        if isinstance(step, File):
            (self._directory / step.name).write_text(step.content, encoding="utf-8")
            return ""
        words = step.text.split()
        decides = words[0] == "pledger" and words[1] in DECIDING
        if not (decides and self._has_decided_only):
            self._processed.wait()
        self._has_decided_only = decides
        return self._run(self._known.filled(step.text))

    def check(self, step: Command, printed: str) -> str:
        """Where the output is not as promised; empty where it is."""
        return difference(self._known, step.promised, printed)

    def _run(self, command: str) -> str:
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(self._directory)
            patched.setenv("COLUMNS", str(WIDTH))  # or rich asks the window of whoever tests
            if not command.startswith("pledger "):
                if shutil.which("curl") is None:
                    patched.setenv("PATH", str(STAND_INS), prepend=os.pathsep)
                    patched.setenv("PYTHON", sys.executable)
                done = subprocess.run(
                    ["bash", "-c", command],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                return done.stdout
            result = invoke(shlex.split(command)[1:])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            return str(result.output)


class Processed:
    """Whether every processor and the warehouse have read to the end of the log."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client, _ = connect(settings.broker, SECONDS)

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        quiet = 0
        while quiet < QUIET_ROUNDS:
            left = self._left()
            quiet = quiet + 1 if left == 0 else 0
            assert time.monotonic() < deadline, f"still {left} records behind"

    def _left(self) -> int:
        """How many records somebody has yet to read, more or less."""
        ends = topic_ends(self._client, [topic.name for topic in TOPICS])
        positions = warehouse_positions(self._settings.warehouse)
        if positions is None:
            return 1
        left = sum(behind(ends[topic], positions.get(topic, {})) for topic in READS["warehouse"])
        for processor, topics in READS.items():
            if left:
                break
            committed = committed_offsets(self._client, GROUP.format(processor))
            left += sum(behind(ends[topic], committed.get(topic, {})) for topic in topics)
        return left
