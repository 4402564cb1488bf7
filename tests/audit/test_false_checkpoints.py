"""A replay holds every checkpoint against the log: tampering with either is found, and named."""

from __future__ import annotations

import msgspec
import pytest

from audit.checkpoints import false_checkpoints
from audit.decided import read_decisions
from audit.difference import AuditFailed, Difference
from audit.payout import prove_payout
from audit.scope import Scope
from events import topics
from events.decisions import CheckpointSigned
from tests.audit.checkpoint_tampering import WAYS, CheckpointWay
from tests.audit.memory import MemoryLedger
from tests.audit.scene import KEYS, paid, replayed, sold
from tests.audit.signing_scene import (
    Signing,
    longest,
    signing,
)


def shown(found: Signing) -> list[tuple[str, str]]:
    """(kind, position) of what is wrong with the checkpoints, by a pass of its own."""
    differences = false_checkpoints(found.log, read_decisions(found.log))
    return [(one.kind, one.position) for one in differences]


def in_replay(found: Signing) -> list[Difference]:
    return replayed(found.log).differences


def test_an_honest_ledger_is_verified_by_replay_and_payout_audit() -> None:
    found = Signing(paid(MemoryLedger()))
    found.sign(0.5)
    found.rotate()
    found.sign()
    assert shown(found) == []
    report = replayed(found.log)
    assert report.verified, report.differences
    assert prove_payout(found.log, "po-1", KEYS, patience=0).status == "settled"


def test_a_checkpoint_that_covers_more_than_the_replay_began_with() -> None:
    """Signed after the ends were taken: its last conversions are read for its tree alone."""
    found = signing()
    whole = found.log.ends

    def before(topic: str) -> dict[int, int]:
        ends = whole(topic)
        return {p: end // 2 for p, end in ends.items()} if topic == topics.CONVERSIONS else ends

    found.log.ends = before  # type: ignore[method-assign]
    differences = in_replay(found)
    assert [one for one in differences if one.kind in ("truncated", "rewritten")] == []


# Tampering that all processors agree with: nothing but a checkpoint can show it


def test_history_told_anew_from_another_conversion() -> None:
    """A deal is made larger where it stands, and everything is attributed and booked again."""
    found = signing()
    checkpoints = found.log.records[topics.DECISIONS, 0]
    held = longest(found.log, topics.CONVERSIONS)
    at = next(record for record in held if b'"deal"' in (record.value or b""))
    said = msgspec.json.decode(at.value or b"")
    found.log.replace(at.position, value=msgspec.json.encode(said | {"amount": 999_999}))
    found.ledger.process()
    assert found.log.records[topics.DECISIONS, 0] is checkpoints
    differences = in_replay(found)
    assert {one.kind for one in differences} == {"rewritten"}
    names = {one.position.rpartition("/")[0] for one in differences}
    assert f"conversions/{at.partition}" in names
    assert all(name.startswith(("conversions/", "journal/")) for name in names)


def test_history_cut_off_everywhere() -> None:
    """The last conversions go, and all that came from them."""
    found = signing()
    held = longest(found.log, topics.CONVERSIONS)
    cut = held[-4:]
    del held[-4:]
    found.ledger.process()
    kinds = {(one.kind, one.position) for one in in_replay(found)}
    assert ("truncated", str(cut[0].position)) in kinds
    assert {kind for kind, _ in kinds} <= {"truncated", "rewritten"}


def test_a_time_that_was_moved() -> None:
    """A decision's time stands beside its bytes: it belongs to the leaf."""
    found = signing()
    record = found.log.records[topics.DECISIONS, 0][1]
    found.log.replace(record.position, recorded_at=record.recorded_at - 1)
    assert shown(found) == [("rewritten", "decisions/0/0")]


@pytest.mark.parametrize("scope", [Scope(partner="jane"), Scope(program="acme")])
def test_a_replay_of_a_part_holds_the_trees_it_reads(scope: Scope) -> None:
    found = signing()
    report = replayed(found.log, scope)
    assert report.verified, report.differences
    record = found.log.records[topics.DECISIONS, 0][1]
    found.log.replace(record.position, recorded_at=record.recorded_at - 1)
    kinds = [(one.kind, one.position) for one in replayed(found.log, scope).differences]
    assert kinds == [("rewritten", "decisions/0/0")]


def test_a_payout_is_not_proved_on_a_log_that_is_not_the_signed_one() -> None:
    found = Signing(paid(MemoryLedger()))
    found.sign()
    longest(found.log, topics.JOURNAL)
    record = found.log.records[topics.DECISIONS, 0][1]
    found.log.replace(record.position, recorded_at=record.recorded_at - 1)
    with pytest.raises(AuditFailed) as failed:
        prove_payout(found.log, "po-1", KEYS, patience=0)
    assert failed.value.difference.kind == "rewritten"


# Tampering with the checkpoints and the keys themselves


@pytest.mark.parametrize("way", WAYS, ids=[way.name.replace(" ", "-") for way in WAYS])
def test_it_is_named_and_nothing_else(way: CheckpointWay) -> None:
    """That the log does not have what a forged checkpoint says is no second fault: nothing it
    says counts."""
    found = signing()
    way.do(found)
    expected = way.expected(found)
    assert {kind for kind, _ in expected} == set(way.kinds)
    assert shown(found) == expected
    assert {(one.kind, one.position) for one in in_replay(found)} >= set(expected)


def test_a_ledger_that_lost_its_key_goes_on() -> None:
    """Nobody vouches for the new one; that stands in the log for all to see, and is no lie."""
    found = Signing()
    found.sign(0.5)
    found.decisions.retire_signing_key(found.private().public.id, "lost")
    found.rotate()
    found.sign()
    assert shown(found) == []


def test_a_ledger_without_checkpoints_has_none_to_doubt() -> None:
    assert replayed(sold(MemoryLedger()).log).verified


def test_facts_of_the_ledger_are_read_as_they_were_signed() -> None:
    found = signing()
    assert all(isinstance(one.fact, CheckpointSigned) for one in found.signed().checkpoints)
    assert [one.known for one in found.signed().checkpoints] == [
        one.fact.trees["decisions/0"].size for one in found.signed().checkpoints
    ]
