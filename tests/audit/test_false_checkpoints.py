"""A replay holds every checkpoint against the log: tampering with either is found, and named."""

from __future__ import annotations

import msgspec
import pytest

from audit.checkpoints import false_checkpoints
from audit.decided import read_decisions
from audit.difference import AuditFailed, Difference
from audit.payout import prove_payout
from audit.scope import Scope
from audit.signing import in_base64
from events import topics
from events.codec import encode
from events.decisions import CheckpointSigned, DecisionRecord, StoredDecision, Tree
from tests.audit.memory import MemoryLedger
from tests.audit.scene import KEYS, paid, replayed, sold
from tests.audit.signing_scene import (
    Signing,
    edit_state,
    flipped,
    longest,
    put_note,
    resigned,
    signing,
    stranger,
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


# Tampering with the checkpoints themselves


def test_a_checkpoint_whose_fields_are_not_its_notes() -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    edit_state(found.log, record, previous="0" * 64)
    assert shown(found) == [("checkpoint", str(record.position))]


def test_a_checkpoint_whose_note_cannot_be_read() -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    edit_state(found.log, record, note="checkpoint 3, honestly")
    assert shown(found) == [("checkpoint", str(record.position))]


def test_a_checkpoint_that_cannot_be_read_at_all() -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    edit_state(found.log, record, trees="none")
    assert shown(found) == [("checkpoint", str(record.position))]


def test_a_checkpoint_with_another_root_signed_by_a_stranger() -> None:
    """Its note is whole and names the ledger's key; the signature is another's. That the log
    does not have what it says is no second fault: nothing it says counts."""
    found = signing()
    record = found.checkpoint_records()[2]
    fact = found.signed().checkpoints[2].fact
    trees = fact.trees | {"journal/2": Tree(fact.trees["journal/2"].size, flipped(""))}
    forged = resigned(fact.note, stranger(), trees=trees)
    put_note(found.log, record, forged)
    assert shown(found) == [("unknown_key", str(record.position))]
    edit_state(found.log, found.checkpoint_records()[2], key=found.private(1).public.id)
    assert shown(found) == [("signature", str(record.position))]
    assert [one.kind for one in in_replay(found)] == ["signature"]


def test_a_checkpoint_of_roots_that_never_were() -> None:
    """Signed by the right key, at once: only the log contradicts it."""
    found = Signing()
    found.sign(0.5)
    found.sign()
    record = found.checkpoint_records()[1]
    fact = found.signed().checkpoints[1].fact
    trees = fact.trees | {"journal/2": Tree(fact.trees["journal/2"].size, flipped(""))}
    put_note(found.log, record, resigned(fact.note, found.private(), trees=trees))
    before = found.signed().checkpoints[0].fact.trees["journal/2"].size
    assert shown(found) == [("rewritten", f"journal/2/{before}")]


@pytest.mark.parametrize("number", [2, 4, 7])
def test_a_checkpoint_out_of_its_turn(number: int) -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    note = found.notes[2]
    put_note(found.log, record, resigned(note, found.private(1), checkpoint=number))
    assert shown(found) == [("checkpoint", str(record.position))]


def test_a_checkpoint_that_does_not_name_the_one_before() -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    put_note(found.log, record, resigned(found.notes[2], found.private(1), previous="0" * 64))
    assert shown(found) == [("checkpoint", str(record.position))]


@pytest.mark.parametrize("shrunk", ["size", "root", "gone"])
def test_a_checkpoint_of_less_than_the_one_before(shrunk: str) -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    before, fact = (found.signed().checkpoints[number].fact for number in (1, 2))
    trees = dict(fact.trees)
    if shrunk == "size":
        trees["journal/2"] = found.signed().checkpoints[0].fact.trees["journal/2"]
    elif shrunk == "root":
        trees["journal/2"] = Tree(before.trees["journal/2"].size, flipped(""))
    else:
        del trees["journal/2"]
    put_note(found.log, record, resigned(fact.note, found.private(1), trees=trees))
    assert shown(found) == [("checkpoint", str(record.position))]


def test_a_checkpoint_of_another_ledger() -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    put_note(found.log, record, resigned(found.notes[2], found.private(1), ledger="elsewhere"))
    assert shown(found) == [("wrong_ledger", str(record.position))]


def test_a_checkpoint_by_a_retired_key() -> None:
    found = signing()
    record = found.checkpoint_records()[2]
    put_note(found.log, record, resigned(found.notes[2], found.private(0)))
    assert shown(found) == [("retired_key", str(record.position))]


def test_a_checkpoint_of_an_aggregate_that_makes_none() -> None:
    """Under another name it would be a second series, of any content."""
    found = signing()
    fact = found.signed().checkpoints[2].fact
    event = StoredDecision(
        "checkpoints-2", 1, "checkpoint.signed", msgspec.Raw(msgspec.json.encode(fact))
    )
    position = found.log.append(
        topics.DECISIONS, "checkpoints-2", encode(DecisionRecord((event,))), found.ledger.now + 1
    )
    assert shown(found) == [("foreign", str(position))]


# Tampering with the keys


def test_a_key_that_is_not_its_own_hash() -> None:
    found = signing()
    position = found.signed().keys[1].position
    record = found.log.records[topics.DECISIONS, 0][int(position.rpartition("/")[2])]
    edit_state(found.log, record, public_key=in_base64(stranger().public.value))
    signed_by_it = str(found.checkpoint_records()[2].position)
    assert shown(found) == [("signature", position), ("signature", signed_by_it)]


def test_a_key_whose_voucher_did_not_sign() -> None:
    found = signing()
    position = found.signed().keys[1].position
    record = found.log.records[topics.DECISIONS, 0][int(position.rpartition("/")[2])]
    edit_state(found.log, record, signature=in_base64(bytes(64)))
    assert shown(found)[0] == ("signature", position)


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
