"""The directory folds what every release decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from events import topics
from events.first_wins import DecisionLog
from events.position import Record
from projections.directory import Directory

FROZEN = sorted((Path(__file__).parent.parent / "frozen").glob("*/decisions.jsonl"))
NEW_YEAR = 1_767_225_600_000


def folded(path: Path) -> Directory:
    directory, log = Directory(), DecisionLog()
    for offset, line in enumerate(path.read_bytes().splitlines()):
        for decision in log.accept(Record(topics.DECISIONS, 0, offset, NEW_YEAR, None, line)):
            directory.apply(decision)
    return directory


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.parent.name)
def test_every_frozen_decision_is_folded(path: Path) -> None:
    assert folded(path).count == len(path.read_bytes().splitlines())


def test_what_version_2_decided_is_known() -> None:
    [path] = [path for path in FROZEN if path.parent.name == "v2"]
    found = folded(path)
    known = found.count
    assert found.parent("acme", "alice", known) == "bob"
    assert found.partner_currency("alice", known) == "EUR"
    assert found.identities("alice", known) == {"carol", "hmac:5f3a"}
    assert found.may_earn("acme", "alice", known)
    assert not found.may_earn("acme", "bob", known)
    claim = found.claim("acme", "carol", known)
    assert claim is not None
    assert (claim.registration, claim.approved_at) == ("r1", NEW_YEAR)
    assert found.claim("acme", "erin", known) is None, "lost"
    rate = found.rate("USD", "JPY", NEW_YEAR, known)
    assert rate is not None
    assert rate.numerator * 10_850 == rate.denominator * 1_632_100, "163.21 / 1.0850"
