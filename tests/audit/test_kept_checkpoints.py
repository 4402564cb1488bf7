"""A checkpoint that a third party kept: every fault is found, and called what it is."""

from __future__ import annotations

import re

import pytest

from audit.signing import in_base64, parse_vkey, vouching_text
from events import topics
from events.decisions import Tree
from tests.audit.signing_scene import (
    LEDGER,
    Signing,
    edit_state,
    flipped,
    longest,
    put_note,
    resigned,
    signing,
    stranger,
)


def test_what_was_signed_is_unchanged_however_the_log_grew() -> None:
    found = signing()
    for number, note in enumerate(found.notes, 1):
        answer = found.against(note)
        assert answer.verified, answer.differences
        assert (answer.checkpoint, answer.newest) == (number, 3)
    first, last = (key.fact.key for key in found.signed().keys)
    assert found.against(found.notes[0]).keys == [first, last]
    assert found.against(found.notes[0], found.private(0).public).keys == [first, last]
    assert found.against(found.notes[2]).keys == [last]


def test_the_key_one_knew_vouches_for_the_one_that_signed() -> None:
    found = signing()
    known = parse_vkey(found.private(0).public.vkey)
    assert found.against(found.notes[2], known).verified
    assert found.against(found.notes[0], found.private(1).public).differences[0].kind == (
        "unvouched_key"
    ), "a later key does not vouch for an earlier one"


# The note


def test_a_note_of_another_ledger() -> None:
    found = signing()
    other = resigned(found.notes[1], found.private(0), ledger="another-cluster")
    [difference] = found.against(other).differences
    assert difference.kind == "wrong_ledger"
    assert (difference.expected, difference.found) == (LEDGER, "another-cluster")


@pytest.mark.parametrize(
    ("line", "altered"),
    [
        (r"checkpoint 2", "checkpoint 1"),
        (r"decisions/0 \d+", "decisions/0 1"),
        (r"journal/3 ", "journal/4 "),
        (r"previous \w{8}", "previous 01234567"),
    ],
)
def test_an_altered_note(line: str, altered: str) -> None:
    found = signing()
    note = re.sub(line, altered, found.notes[1], count=1)
    assert note != found.notes[1], "the scene has such a line"
    assert found.kinds(note) == ["signature"]


def test_a_note_of_a_stranger() -> None:
    found = signing()
    note = resigned(found.notes[1], stranger())
    [difference] = found.against(note).differences
    assert difference.kind == "unknown_key"
    assert found.private(0).public.id in difference.expected
    assert stranger().public.id in difference.found


def test_a_key_one_knows_that_the_ledger_does_not() -> None:
    """The note is good by it; the ledger's keys are not those one was told of."""
    found = signing()
    note = resigned(found.notes[2], stranger())
    assert found.kinds(note, stranger().public) == ["unknown_key"]


def test_a_retired_key_that_signs_on() -> None:
    found = signing()
    note = resigned(found.notes[2], found.private(0), checkpoint=4)
    assert found.kinds(note) == ["retired_key"]


def test_a_key_that_was_retired_while_another_process_signed_is_no_fault() -> None:
    """The checkpoint knows no decision after its own tree of decisions."""
    found = Signing()
    found.sign(0.5)
    key = found.private(0)
    found.ledger.decide("x:1", "something.happened", Tree(0, ""))
    late = found.another_signer()
    late.newest()  # it has read what was decided until now
    found.seen.share = 1.0
    read = found.log.read
    retired = False

    def retire_meanwhile(topic: str, *args: int) -> object:
        nonlocal retired
        if topic == topics.JOURNAL and not retired:
            retired = True
            found.rotate()
        return read(topic, *args)

    found.log.read = retire_meanwhile  # type: ignore[method-assign,assignment]
    note = found.sign(signer=late)
    found.log.read = read  # type: ignore[method-assign]
    answer = found.against(note)
    assert retired and answer.verified
    assert answer.key == key.public.id


# The ledger's keys


def test_a_key_that_nobody_vouches_for() -> None:
    found = Signing()
    note = found.sign()
    first = found.private(0)
    found.decisions.retire_signing_key(first.public.id, "lost")
    made = found.rotate()
    found.sign()
    [difference] = found.against(note).differences
    assert difference.kind == "unvouched_key"
    assert difference.position == found.signed().keys[1].position
    assert found.against(found.notes[1], made.public).verified
    assert found.kinds(found.notes[1], first.public) == ["unvouched_key"]


def test_a_key_vouched_for_by_a_forged_signature() -> None:
    found = Signing()
    note = found.sign()
    forged = stranger()
    found.decisions.add_signing_key(
        forged.public.id,
        in_base64(forged.public.value),
        previous=found.private(0).public.id,
        signature=in_base64(forged.sign(vouching_text(LEDGER, forged.public))),
    )
    [difference] = found.against(note).differences
    assert (difference.kind, difference.position) == (
        "signature",
        found.signed().keys[1].position,
    )


# The ledger's checkpoints


def test_another_checkpoint_of_that_number() -> None:
    found = signing()
    record = found.checkpoint_records()[1]
    tree = Tree(5, flipped(""))
    put_note(
        found.log, record, resigned(found.notes[1], found.private(0), trees={"journal/2": tree})
    )
    kinds = found.against(found.notes[1]).differences
    assert (kinds[0].kind, kinds[0].position) == ("fork", str(record.position))
    assert kinds[0].expected in found.notes[1]
    assert {one.kind for one in kinds[1:]} <= {"checkpoint"}, "the next names the other's hash"


def test_a_checkpoint_that_the_log_no_longer_has() -> None:
    """Only its record is gone, from the end; the trees it signed are whole."""
    found = signing()
    del found.log.records[topics.DECISIONS, 0][-1:]
    [difference] = found.against(found.notes[2]).differences
    assert (difference.kind, difference.position) == ("truncated", "decisions/0")
    assert (difference.expected, difference.found) == ("checkpoint 3", "checkpoint 2")


# The log


@pytest.mark.parametrize("topic", [topics.JOURNAL, topics.CONVERSIONS])
def test_a_tail_that_was_cut_off(topic: str) -> None:
    found = signing()
    held = longest(found.log, topic)
    cut = held.pop()
    [difference] = found.against(found.notes[2]).differences
    assert (difference.kind, difference.position) == ("truncated", str(cut.position))
    assert (
        f"signed {len(held) + 1} records; the log has {len(held)}: 1 are gone" in difference.detail
    )
    assert found.against(found.notes[1]).verified, "up to there nothing is missing"


def test_the_decisions_cut_off() -> None:
    found = signing()
    note = found.notes[1]
    held = found.log.records[topics.DECISIONS, 0]
    keep = found.checkpoint_records()[0].offset + 1
    del held[keep:]
    found.ledger.decide("x:1", "something.happened", Tree(0, ""))
    again = found.against(note)
    kinds = [(one.kind, one.position) for one in again.differences]
    assert kinds == [("truncated", "decisions/0")], "number 2 is gone; its tree had only 1 more"
    del held[keep - 3 :]
    assert found.kinds(note) == ["unknown_key"], "even the key is gone"
    known = found.keys.held()[again.key].public
    assert found.kinds(note, known) == ["unknown_key", "truncated", "truncated"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_altered_entry_is_named_by_its_stretch(share: float) -> None:
    """Between which two checkpoints it lies; those before it still hold."""
    found = signing()
    held = longest(found.log, topics.JOURNAL)
    index = int(len(held) * share)
    at = held[index]
    found.log.replace(at.position, value=(at.value or b"").replace(b'"EUR"', b'"USD"'))
    name = f"{at.topic}/{at.partition}"
    sizes = [one.fact.trees[name].size for one in found.signed().checkpoints]
    stretch = next(number for number, size in enumerate(sizes) if index < size)
    start = sizes[stretch - 1] if stretch else 0
    [difference] = found.against(found.notes[2]).differences
    assert (difference.kind, difference.position) == ("rewritten", f"{name}/{start}")
    assert f"from record {start} to {sizes[stretch] - 1} " in difference.detail
    assert ("up to checkpoint" in difference.detail) == bool(stretch)
    for number, note in enumerate(found.notes):
        assert found.against(note).verified == (number < stretch)


@pytest.mark.parametrize("change", ["removed", "swapped"])
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_an_entry_that_was_removed_or_moved(change: str, share: float) -> None:
    """No reader accepts what stands behind it: the journal ends there, and it says why."""
    found = signing()
    held = longest(found.log, topics.JOURNAL)
    index = int(len(held) * share)
    if change == "removed":
        del held[index]
    else:
        held[index], held[index + 1] = held[index + 1], held[index]
    found.log.renumber(held[0].topic, held[0].partition)
    [difference] = found.against(found.notes[2]).differences
    assert difference.kind == "missing"
    assert f"journal/{held[0].partition}/{index} stands there with a later" in difference.detail


def test_an_entry_that_stands_there_twice_changes_nothing() -> None:
    """Every reader ignores a repeat, wherever it stands; so does the tree."""
    found = signing()
    held = longest(found.log, topics.JOURNAL)
    held.insert(5, held[2])
    held.append(held[4])
    found.log.renumber(held[0].topic, held[0].partition)
    assert all(found.against(note).verified for note in found.notes)


@pytest.mark.parametrize("change", ["value", "key", "time", "swapped", "removed", "repeated"])
def test_conversions_that_were_rewritten(change: str) -> None:
    found = signing()
    held = longest(found.log, topics.CONVERSIONS)
    index = len(held) // 2
    at = held[index]
    if change == "value":
        found.log.replace(at.position, value=(at.value or b"") + b" ")
    elif change == "key":
        found.log.replace(at.position, key=b"acme/another")
    elif change == "time":
        found.log.replace(at.position, recorded_at=at.recorded_at - 1)
    elif change == "swapped":
        held[index], held[index - 1] = held[index - 1], held[index]
    elif change == "removed":
        del held[index]
        held.append(held[-1])
    elif change == "repeated":
        held.insert(index, held[0])
    found.log.renumber(at.topic, at.partition)
    name = f"{at.topic}/{at.partition}"
    [difference] = found.against(found.notes[2]).differences
    sizes = [one.fact.trees[name].size for one in found.signed().checkpoints]
    start = max((size for size in sizes if size <= index), default=0)
    assert (difference.kind, difference.position) == ("rewritten", f"{name}/{start}")


@pytest.mark.parametrize("change", ["state", "time", "origin"])
def test_decisions_that_were_rewritten(change: str) -> None:
    found = signing()
    record = found.log.records[topics.DECISIONS, 0][2]
    if change == "state":
        edit_state(found.log, record, name="Janet")
    elif change == "time":
        found.log.replace(record.position, recorded_at=record.recorded_at + 1)
    else:
        value = (record.value or b"")[:-1] + b',"origin":{"via":"cli","by":"nobody"}}'
        found.log.replace(record.position, value=value)
    for note in found.notes:
        [difference] = found.against(note).differences
        assert (difference.kind, difference.position) == ("rewritten", "decisions/0/0")


def test_a_conversion_removed_after_the_checkpoint_before() -> None:
    """With nothing behind it, a record taken out and one cut off look alike: so it is said."""
    found = signing()
    held = longest(found.log, topics.CONVERSIONS)
    name = f"{held[0].topic}/{held[0].partition}"
    before = found.signed().checkpoints[1].fact.trees[name].size
    del held[before + 1]
    found.log.renumber(held[0].topic, held[0].partition)
    [difference] = found.against(found.notes[2]).differences
    assert difference.kind == "truncated"
    assert f"1 are gone, from record {before} on" in difference.detail


def test_a_partition_that_is_gone_is_truncated() -> None:
    found = signing()
    note = found.notes[2]
    name = longest(found.log, topics.JOURNAL)[0]
    found.log.records[name.topic, name.partition] = []
    [difference] = found.against(note).differences
    assert (difference.kind, difference.position) == ("truncated", f"journal/{name.partition}/0")


def test_a_history_told_anew_with_the_right_keys_does_not_pass() -> None:
    """Whoever has the keys writes another journal and signs it all again: a kept note tells."""
    honest, retold = Signing(), Signing()
    honest.sign(1 / 3)
    honest.sign()
    (retold.home / "keys").mkdir()
    for path in (honest.home / "keys").iterdir():
        (retold.home / "keys" / path.name).write_bytes(path.read_bytes())
    entry = longest(retold.log, topics.JOURNAL)[3]
    retold.log.replace(entry.position, value=(entry.value or b"").replace(b"EUR", b"USD"))
    retold.sign(1 / 3)
    retold.sign()
    assert all(retold.against(note).verified for note in retold.notes), "by itself it is whole"
    for note in honest.notes:
        fork, decisions, journal = retold.against(note).differences
        assert (fork.kind, decisions.kind, journal.kind) == ("fork", "rewritten", "rewritten")
        assert decisions.position.startswith("decisions/0/"), "the key was added at another time"
        assert journal.position == f"journal/{entry.partition}/0"
