"""Signing checkpoints: again without effect, after any death, from a cache nobody trusts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpointing import CACHE
from audit.checkpoints import false_checkpoints
from audit.decided import read_decisions
from audit.key_files import VARIABLE, KeyFileError, KeyFiles
from audit.merkle import root
from audit.rotation import CannotSign
from audit.signing import in_base64
from audit.trees import Leaf, leaves
from events import topics
from events.decisions import Tree
from tests.audit.memory import MemoryLedger, Output
from tests.audit.scene import sold
from tests.audit.signing_scene import LEDGER, Signing, longest


def leaves_of(found: Signing, name: str) -> list[Leaf]:
    topic, _, partition = name.rpartition("/")
    return list(leaves(topic, found.log.read(topic, int(partition))))


def test_a_checkpoint_has_the_roots_of_the_log() -> None:
    """Of the entries' own bytes, hashed here from the start."""
    found = Signing()
    found.sign()
    [signed] = found.signed().checkpoints
    for name, tree in signed.fact.trees.items():
        held = leaves_of(found, name)[: tree.size]
        hashed = [sha256(b"\0" + leaf.value).digest() for leaf in held]
        assert in_base64(root(hashed)) == tree.root
    journal = found.log.records[topics.JOURNAL, 2]
    assert [leaf.value for leaf in leaves_of(found, "journal/2")] == [one.value for one in journal]


def test_nothing_new_is_not_signed_again() -> None:
    found = Signing()
    assert found.sign(0.5)
    assert found.sign(0.5) == ""
    assert found.sign(0.5, found.another_signer()) == ""
    assert found.sign(1.0)
    assert found.sign(1.0) == ""
    assert len(found.signed().checkpoints) == 2


def test_an_empty_ledger_gets_a_key_and_no_checkpoint() -> None:
    found = Signing(MemoryLedger())
    assert found.sign() == ""
    assert len(found.signed().keys) == 1
    found.ledger.decide("x:1", "something.happened", Tree(0, ""))
    assert found.sign()


def test_when_one_is_due() -> None:
    found = Signing()
    found.seen.share = 0.5
    now = found.ledger.now
    assert found.signer.due(now, 15), "the first at once"
    found.sign(0.5)
    signed_at = found.signed().checkpoints[0].recorded_at
    found.seen.share = 1.0
    assert not found.signer.due(signed_at + 15 * 60_000 - 1, 15)
    assert found.signer.due(signed_at + 15 * 60_000, 15)
    found.sign()
    assert not found.signer.due(signed_at + 10**9, 15), "nothing was added"


def test_of_two_that_sign_at_once_one_stands() -> None:
    found = Signing()
    one, other = found.another_signer(), found.another_signer()
    found.sign(0.3)
    found.seen.share = 0.6
    real = found.decisions.sign_checkpoint

    def after_another(wanted: Any) -> None:
        found.decisions.sign_checkpoint = real  # type: ignore[method-assign]
        found.sign(0.8, one)
        found.seen.share = 0.6
        real(wanted)

    found.decisions.sign_checkpoint = after_another  # type: ignore[method-assign]
    assert found.sign(0.6, other) == ""
    assert [one.fact.checkpoint for one in found.signed().checkpoints] == [1, 2]
    assert found.sign(1.0, other), "and it goes on after the other's"
    assert all(found.against(note).verified for note in found.notes)


def test_a_log_that_was_changed_is_not_signed_on() -> None:
    found = Signing()
    found.sign(0.5)
    (found.home / "cache" / CACHE).unlink()
    entry = longest(found.log, topics.JOURNAL)[1]
    found.log.replace(entry.position, value=(entry.value or b"").replace(b"EUR", b"USD"))
    with pytest.raises(CannotSign, match=f"signed .* records of journal/{entry.partition}"):
        found.sign(1.0, found.another_signer())
    record = found.log.records[topics.DECISIONS, 0][0]
    found.log.replace(record.position, recorded_at=1)
    with pytest.raises(CannotSign, match="records of decisions/0"):
        found.sign(1.0, found.another_signer())


# The cache


def reads(found: Signing) -> list[tuple[str, int]]:
    """(topic, first offset) of what is read of the log from now on."""
    asked: list[tuple[str, int]] = []
    read = found.seen.read

    def noting(topic: str, partition: int, start: int = 0, end: int | None = None) -> Any:
        if topic != topics.DECISIONS:
            asked.append((topic, start))
        return read(topic, partition, start, end)

    found.seen.read = noting  # type: ignore[method-assign]
    return asked


def test_a_restart_reads_on_from_the_cache() -> None:
    found = Signing()
    found.sign(0.5)
    asked = reads(found)
    assert found.sign(1.0, found.another_signer())
    assert asked and all(start > 0 for _, start in asked)
    assert found.against(found.notes[-1]).verified


def test_a_cache_from_before_another_homes_checkpoint_is_read_on_from() -> None:
    found = Signing()
    found.sign(0.3)
    found.sign(0.6, found.another_signer("elsewhere"))
    asked = reads(found)
    assert found.sign(1.0, found.another_signer())
    assert all(start > 0 for _, start in asked)
    assert [one.fact.checkpoint for one in found.signed().checkpoints] == [1, 2, 3]
    assert all(found.against(note).verified for note in found.notes)


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "another's"])
def test_a_cache_that_is_not_what_was_signed_is_not_used(damage: str) -> None:
    found = Signing()
    found.sign(0.5)
    path = found.home / "cache" / CACHE
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif damage == "flipped":
        raw = path.read_bytes()
        path.write_bytes(raw.replace(b'"size":', b'"size":1', 1))
    else:
        another = Signing(sold(MemoryLedger()))
        another.sign(0.7)
        path.write_bytes((another.home / "cache" / CACHE).read_bytes())
    asked = reads(found)
    assert found.sign(1.0, found.another_signer())
    assert {start for _, start in asked} == {0}, "read from the first record"
    assert found.against(found.notes[-1]).verified


# Keys


def test_a_rotation_cut_short_after_the_key_file_is_taken_up() -> None:
    """The file is there, the ledger does not know it: the old key signs on, and the next
    rotation takes the same key."""
    found = Signing()
    found.sign(0.3)
    orphan = found.keys.unused(set(found.keys.held()))
    assert len(found.keys.held()) == 2
    found.sign(0.6)
    assert found.signed().checkpoints[1].fact.key == found.private(0).public.id
    assert found.rotate().public == orphan.public
    assert len(found.keys.held()) == 2
    found.sign(1.0)
    assert found.signed().checkpoints[2].fact.key == orphan.public.id
    assert all(found.against(note).verified for note in found.notes)


CUT_SHORT = """
import os, signal, sys
from pathlib import Path
from audit.key_files import KeyFiles
keys = KeyFiles(Path(sys.argv[1]), sys.argv[2], {})
link = os.link
def dying(draft, path):
    if sys.argv[3] == "after":
        link(draft, path)
    os.kill(os.getpid(), signal.SIGKILL)
os.link = dying
keys.unused(())
"""


@pytest.mark.parametrize(("moment", "left"), [("before", 0), ("after", 1)])
def test_a_key_file_is_there_whole_or_not_at_all(tmp_path: Path, moment: str, left: int) -> None:
    died = subprocess.run([sys.executable, "-c", CUT_SHORT, tmp_path, LEDGER, moment], check=False)
    assert died.returncode == -signal.SIGKILL
    keys = KeyFiles(tmp_path, LEDGER, {})
    assert len(keys.held()) == left
    made = keys.unused(())
    assert list(keys.held()) == [made.public.id]
    [path] = tmp_path.glob("signing-*.pem")
    assert path.stat().st_mode & 0o777 == 0o600


def test_keys_of_the_environment() -> None:
    seeds = [in_base64(os.urandom(32)) for _ in range(2)]
    keys = KeyFiles(Path("/nowhere"), LEDGER, {VARIABLE: ",".join(seeds)})
    first, second = keys.held()
    assert keys.unused({first}).public.id == second
    with pytest.raises(KeyFileError, match="no key that the ledger does not know"):
        keys.unused({first, second})
    with pytest.raises(KeyFileError, match="key 2: expected 32 bytes"):
        KeyFiles(Path("/nowhere"), LEDGER, {VARIABLE: f"{seeds[0]},abc"}).held()


def test_a_key_that_is_elsewhere_signs_nothing_here() -> None:
    found = Signing()
    found.sign(0.5)
    for path in (found.home / "keys").iterdir():
        path.unlink()
    with pytest.raises(CannotSign, match=r"retire .* --reason lost"):
        found.sign(1.0)
    with pytest.raises(CannotSign, match="sign where it is"):
        found.rotate()
    found.decisions.retire_signing_key(found.signed().keys[0].fact.key, "lost")
    with pytest.raises(CannotSign, match="signing-keys rotate"):
        found.sign(1.0)
    found.rotate()
    assert found.sign(1.0)


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "signing-00000000.pem").write_text("hello")
    with pytest.raises(KeyFileError, match=r"signing-00000000\.pem: expected an ed25519 key"):
        KeyFiles(tmp_path, LEDGER, {}).held()


# No false alarm


STEPS = st.lists(
    st.sampled_from(["grow", "sign", "sign twice", "restart", "no cache", "rotate", "decide"]),
    min_size=1,
    max_size=14,
)


@given(STEPS, st.data())
def test_whatever_an_honest_ledger_does_its_checkpoints_hold(
    steps: list[str], data: st.DataObject
) -> None:
    def noise(written: Output) -> Output:
        """Repeats of what was written, and records ahead of their turn that come again."""
        if not written or not data.draw(st.booleans()):
            return written
        at = data.draw(st.integers(0, len(written) - 1))
        return [*written[:at], *written[at : at + 3][1:], *written[at:], *written[:at][-2:]]

    found = Signing(sold(MemoryLedger(noise)))
    signer, share = found.signer, 0.1
    for step in steps:
        if step == "grow":
            share = min(1.0, share + data.draw(st.floats(0, 0.4)))
        elif step == "restart":
            signer = found.another_signer(data.draw(st.sampled_from(["cache", "elsewhere"])))
        elif step == "no cache":
            (found.home / "cache" / CACHE).unlink(missing_ok=True)
            signer = found.another_signer()
        elif step == "rotate" and found.signed().keys:
            found.rotate()
        elif step == "decide":
            found.ledger.decide(f"x:{found.ledger.now}", "something.happened", Tree(0, ""))
        elif step.startswith("sign"):
            found.sign(share, signer)
            if step == "sign twice":
                found.sign(share, found.signer)
    for note in found.notes:
        answer = found.against(note)
        assert answer.verified, answer.differences
    assert list(false_checkpoints(found.log, read_decisions(found.log))) == []
