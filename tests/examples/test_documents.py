"""The worked examples in docs/ are true: every command prints what the document says."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.settings import Settings
from tests.cli.conftest import run
from tests.examples.document import Command, read
from tests.examples.reader import Processed, Reader

pytestmark = pytest.mark.broker

DOCUMENTS = (
    "erasure.md",
    "affiliate.md",
    "referral.md",
    "reseller.md",
    "payouts.md",
    "people.md",
    "reconciliation.md",
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document(name: str, running: Settings, tmp_path: Path) -> None:
    path = Path("docs") / name
    steps = list(read(path.absolute()))
    assert sum(isinstance(step, Command) for step in steps) > 10
    reader = Reader(running, tmp_path)
    for step in steps:
        printed = reader.follow(step)
        if isinstance(step, Command):
            differs = reader.check(step, printed)
            assert not differs, f"{path}:{step.line}: $ {step.text}\n{differs}\n\n{printed}"


def test_the_ledger_they_leave_is_proved(running: Settings) -> None:
    """Contests, registrations, reviews, currencies, gifts: all decided again, byte for byte."""
    Processed(running).wait()
    assert run("replay", "--verify").splitlines()[-1].startswith("verified")
