"""Writes the output of every command into a document, for its author to read and check.

    python -m tests.examples.record docs/affiliate.md docs/referral.md

On a ledger of its own, in a directory that is removed afterwards. What differs from run to
run becomes a placeholder. An output in which the author named something stays as it is.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from deploy.background import start_detached, stop_supervisor
from events.settings import load
from tests.examples.document import PLACEHOLDER, SHAPES, Command, File, read
from tests.examples.reader import Reader

TOPICS = "decisions|conversions|attributions|instructions|journal|clicks"


def recorded(path: Path) -> str:
    """The document with the outputs as they are now."""
    lines = path.read_text(encoding="utf-8").splitlines()
    steps = list(read(path))
    digests = {
        hashlib.sha256(step.content.encode()).hexdigest()
        for step in steps
        if isinstance(step, File)
    }
    outputs: list[tuple[Command, list[str]]] = []
    with tempfile.TemporaryDirectory() as directory:
        reader = Reader(load(), Path(directory))
        for step in steps:
            printed = reader.follow(step)
            if isinstance(step, Command):
                said = [_varying(line.rstrip(), digests) for line in printed.splitlines()]
                differs = reader.check(step, printed)
                if differs:
                    print(f"{path}:{step.line}: $ {step.text}\n{differs}", file=sys.stderr)
                    reader.check(Command(0, "", tuple(said), 0), printed)
                elif _teaches(step):
                    said = list(step.promised)
                outputs.append((step, said))
    for step, said in reversed(outputs):
        lines[step.last - len(step.promised) : step.last] = said
    return "\n".join(lines) + "\n"


def _teaches(step: Command) -> bool:
    """Whether the author named something in the output, for later commands."""
    return any(name not in SHAPES for name in PLACEHOLDER.findall("\n".join(step.promised)))


def _varying(line: str, digests: set[str]) -> str:
    today = f"{datetime.now(UTC):%Y-%m-%d}"

    def put(name: str, shape: str, *, since: str = "") -> None:
        nonlocal line
        line = re.sub(
            shape,
            # As wide as what it stands for, so that tables keep their columns.
            lambda found: (
                found[0]
                if found[0] in digests or found[0][: len(since)] < since
                else f"<{name}>".ljust(len(found[0]) if "│" in line else 0)
            ),
            line,
        )

    put("sha256", r"[0-9a-f]{64}")
    put("position", rf"\b(?:{TOPICS})/\d+/\d+")
    put("positions", rf"(?<=offset\) ){SHAPES['positions']}")
    put("gateway", re.escape(os.environ["PLEDGER_GATEWAY"]))
    if line.endswith("records read"):
        put("number", r"\d[\d,]*")
    put("time", SHAPES["time"], since=today)
    put("day", SHAPES["day"], since=today)
    return line.rstrip()


def main(documents: list[Path]) -> None:
    with tempfile.TemporaryDirectory(prefix="pledger-examples-") as directory:
        home = Path(directory) / "home"
        os.environ["PLEDGER_HOME"] = str(home)
        start_detached(home, ["--port=0", "--warehouse-port=0", "--gateway-port=0"])
        try:
            os.environ["PLEDGER_GATEWAY"] = load().gateway
            for document in documents:
                document.write_text(recorded(document), encoding="utf-8")
        finally:
            stop_supervisor(home)


if __name__ == "__main__":
    main([Path(name).absolute() for name in sys.argv[1:]])
