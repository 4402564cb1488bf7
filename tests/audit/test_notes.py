"""The text of a checkpoint: what other tools can check, and what is refused."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.notes import BadNote, note_sha256, note_text, parse_note
from audit.signing import BadKey, PrivateKey, PublicKey, in_base64, parse_vkey, vouching_text
from events.decisions import Tree

LEDGER = "MkU3OEVBNTcwNTJENDM2Qk"
KEY = PrivateKey(f"partner-ledger/{LEDGER}", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ROOT = in_base64(bytes(range(32)))
TREES = {"journal/10": Tree(7, ROOT), "journal/9": Tree(0, ROOT), "decisions/0": Tree(3, ROOT)}
TEXT = note_text(LEDGER, 12, TREES, "ab" * 32)
NOTE = KEY.sign_note(TEXT)

# The example of golang.org/x/mod/sumdb/note, whose format C2SP's signed notes are.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNED_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_keys_and_signatures_are_those_of_signed_notes() -> None:
    key = parse_vkey(VKEY)
    assert (key.name, key.id, key.vkey) == ("PeterNeumann", "c74f20a3", VKEY)
    raw = base64.b64decode(SIGNATURE)
    assert raw[:4] == key.key_hash
    assert key.verifies(SIGNED_TEXT, raw[4:])
    assert not key.verifies(SIGNED_TEXT.replace("problem", "answer"), raw[4:])


def test_a_note_as_it_is_written() -> None:
    text, _, line = NOTE.rpartition("\n\n")
    assert text.splitlines() == [
        f"partner-ledger/{LEDGER}",
        "checkpoint 12",
        f"decisions/0 3 {ROOT}",
        f"journal/9 0 {ROOT}",
        f"journal/10 7 {ROOT}",
        f"previous {'ab' * 32}",
    ]
    dash, name, signature = line.rstrip("\n").split(" ")
    assert (dash, name) == ("—", KEY.public.name)
    raw = base64.b64decode(signature)
    assert raw[:4] == KEY.public.key_hash
    KEY.key.public_key().verify(raw[4:], f"{text}\n".encode())


def test_the_few_lines_of_the_manual_check_a_note(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "tamper-evidence.md").read_text()
    code = manual.partition("```python\n")[2].partition("```")[0]
    kept = tmp_path / "kept.txt"
    for note, good in ((NOTE, True), (NOTE.replace("checkpoint 12", "checkpoint 13"), False)):
        kept.write_text(note)
        command = [sys.executable, "-c", code, str(kept), KEY.public.vkey]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == good, done.stderr
        assert good or "InvalidSignature" in done.stderr


def test_a_note_reads_back_as_it_was_written() -> None:
    note = parse_note(NOTE)
    assert (note.ledger, note.checkpoint, note.trees) == (LEDGER, 12, TREES)
    assert (note.previous, note.sha256, note.text) == ("ab" * 32, note_sha256(NOTE), TEXT)
    assert note.is_signed_by(KEY.public)
    assert parse_note(KEY.sign_note(note_text(LEDGER, 1, TREES, ""))).previous == ""


@pytest.mark.parametrize(
    "kept",
    [
        NOTE.replace("\n", "\r\n"),
        "\n\n" + NOTE + "\n\n",
        NOTE.rstrip("\n"),
        "\ufeff" + NOTE,
        NOTE + "— another.example/witness " + in_base64(bytes(68)) + "\n",
    ],
)
def test_a_note_as_mail_programs_and_witnesses_keep_it(kept: str) -> None:
    assert parse_note(kept).is_signed_by(KEY.public)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("", "no blank line"),
        (TEXT, "no blank line"),
        (TEXT + "\n\n", "no blank line"),
        (TEXT + "\nsigned, ann\n", "signature line"),
        (TEXT + "\n— name AAAAAA==\n", "no ed25519 signature"),
        (NOTE.replace("partner-ledger/" + LEDGER + "\nc", "c", 1), "line 1"),
        (NOTE.replace("checkpoint 12", "checkpoint 012"), "line 2"),
        (NOTE.replace("checkpoint 12", "signing key 12"), "line 2"),
        (NOTE.replace("journal/9 0", "journal/9 00"), "line 4"),
        (NOTE.replace("journal/9 0", "journal/09 0"), "line 4"),
        (NOTE.replace("journal/9 0", "journal/10 0"), "stands there twice"),
        (NOTE.replace("journal/9 0", "journal/11 0"), "not in a note's order"),
        (NOTE.replace(ROOT, ROOT[:-4], 1), "32 bytes"),
        (NOTE.replace(ROOT, ROOT[:-2] + "9=", 1), "no root"),
        (NOTE.replace("previous " + "ab" * 32 + "\n", ""), "no line `previous`"),
        (NOTE.replace("previous", "more to come\nprevious"), "line 6"),
        (NOTE.replace("\n\n", "\nand more\n\n", 1), "nothing follows"),
    ],
)
def test_what_is_no_note(wrong: str, says: str) -> None:
    with pytest.raises(BadNote, match=says):
        parse_note(wrong)


def test_of_a_file_that_is_none_the_message_tells_the_beginning() -> None:
    with pytest.raises(BadNote, match="line 1 'PK") as refused:
        parse_note("PK" + "\x00" * 10_000 + "\n\nmore")
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("bit", [0, 100, 511])
def test_a_signature_of_other_bits(bit: int) -> None:
    note = parse_note(NOTE)
    [line] = note.signatures
    altered = int.from_bytes(line.signature, "big") ^ (1 << bit)
    assert not KEY.public.verifies(note.text, altered.to_bytes(64, "big"))


def test_a_voucher_is_no_checkpoint_and_a_checkpoint_no_voucher() -> None:
    with pytest.raises(BadNote, match="line 2"):
        parse_note(KEY.sign_note(vouching_text(LEDGER, KEY.public)))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "PeterNeumann",
        VKEY.replace("+c74f20a3", ""),
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("PeterNeumann", "Peter Neumann"),
        VKEY.replace("ARpc", "AhpC"),
        VKEY[:-4],
    ],
)
def test_what_is_no_key(wrong: str) -> None:
    with pytest.raises(BadKey):
        parse_vkey(wrong)


def test_a_key_that_is_no_point_of_the_curve_signs_nothing() -> None:
    assert not PublicKey("x", b"\xff" * 32).verifies("text", bytes(64))
