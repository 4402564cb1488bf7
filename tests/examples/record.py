"""Writes the output of every command into a document, for its author to read and check.

    python -m tests.examples.record docs/affiliate.md docs/referral.md

On a ledger of its own, in a directory that is removed afterwards. What differs from run to
run becomes a placeholder; outputs that are as promised stay as they are.
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
from tests.examples.document import SHAPES, Command, File, read
from tests.examples.reader import Reader


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
                if reader.check(step, printed):
                    print(f"{path}:{step.line}: $ {step.text}\n{printed}", file=sys.stderr)
                    said = [_varying(line.rstrip(), digests) for line in printed.splitlines()]
                    reader.check(Command(0, "", tuple(said), 0), printed)
                else:
                    said = list(step.promised)
                outputs.append((step, said))
    for step, said in reversed(outputs):
        lines[step.last - len(step.promised) : step.last] = said
    return "\n".join(lines) + "\n"


def _varying(line: str, digests: set[str]) -> str:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    line = re.sub(
        r"[0-9a-f]{64}", lambda found: found[0] if found[0] in digests else "<sha256>", line
    )
    line = re.sub(r"\b(?:decisions|conversions|attributions|instructions|journal|clicks)/\d+/\d+",
                  "<position>", line)  # fmt: skip
    line = re.sub(rf"(?={today}){SHAPES['time']}", "<time>", line)
    return line.replace(today, "<day>")


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
