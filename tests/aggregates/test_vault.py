"""The vault by itself: bytes on the disk, kills at any moment, and several processes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from hypothesis import given
from hypothesis import strategies as st

from aggregates.master_key import MASTER_FILE, VaultError, master_key
from aggregates.open_vault import open_vault
from aggregates.vault import SecretDestroyed, Vault, WrongVault
from events.sealing import (
    ALTERED,
    ERASED,
    KEY_BYTES,
    NOT_OPENED,
    SEALED,
    BadSeal,
    SubjectKey,
    is_pseudonym,
    is_sealed,
    pseudonym,
)
from events.settings import load

MASTER = b"m" * 32
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)

SEALS = """
import sys
from pathlib import Path
from aggregates.vault import Vault
vault = Vault(Path(sys.argv[1]), b"m" * 32)
for number in range(100_000):
    subject = f"customer:acme/{sys.argv[2]}-{number}"
    print(subject, vault.seal(subject, "Jane"), flush=True)
"""
FORGETS = """
import sys
from pathlib import Path
from aggregates.vault import Vault
vault = Vault(Path(sys.argv[1]), b"m" * 32)
for line in sys.stdin:
    vault.forget(line.strip())
    print(line.strip(), flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault" / "vault.sqlite"


@pytest.fixture
def vault(path: Path) -> Iterator[Vault]:
    opened = Vault(path, MASTER)
    yield opened
    opened.close()


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


@given(text=TEXT, secret=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_what_is_sealed_opens_and_always_looks_the_same(text: str, secret: bytes) -> None:
    key = SubjectKey("0123456789abcdef", "partner:jane", secret)
    sealed = key.seal(text)
    if text == ERASED or is_sealed(text) or text.startswith("sealed:1:"):
        assert sealed == text
        return
    assert SEALED.fullmatch(sealed)
    assert key.open(sealed) == text
    assert key.seal(text) == sealed
    assert key.seal(sealed) == sealed
    for other in (
        SubjectKey(key.id, "partner:bob", secret),
        SubjectKey(key.id, key.subject, bytes(KEY_BYTES)),
        SubjectKey("f123456789abcdef", key.subject, secret),
    ):
        if other.secret != secret or other.subject != key.subject or other.id != key.id:
            with pytest.raises(BadSeal):
                other.open(sealed)


@given(one=TEXT, other=TEXT)
def test_pseudonyms_are_equal_for_equal_texts_alone(one: str, other: str) -> None:
    secret = b"s" * 32
    assert (pseudonym(secret, one) == pseudonym(secret, other)) == (one == other)
    assert is_pseudonym(pseudonym(secret, one))
    assert pseudonym(secret, pseudonym(secret, one)) == pseudonym(secret, one)
    assert pseudonym(b"t" * 32, one) != pseudonym(secret, one)


def test_it_reveals_what_stands_within_other_text(vault: Vault) -> None:
    name, mail = (vault.seal("partner:jane", text) for text in ("Jane Doe", "jane@a.example"))
    said = f"partner {name} is paid at {mail}, says {name}"
    assert vault.reveal(said) == "partner Jane Doe is paid at jane@a.example, says Jane Doe"
    assert vault.reveal("nothing of it is sealed:1:") == "nothing of it is sealed:1:"
    assert vault.seal("partner:jane", "") == ""
    id = name.split(":")[2]
    assert vault.reveal(name.replace(id, "0" * 16)) == NOT_OPENED
    assert vault.reveal(name[:-2] + ("AA" if name[-2:] != "AA" else "BB")) == ALTERED
    assert vault.reveal(mail[: mail.rindex(":") + 1] + name.rpartition(":")[2]) == "Jane Doe"


def test_keys_are_many_at_once_and_the_same_for_everybody(path: Path, vault: Vault) -> None:
    subjects = [f"customer:acme/{number}" for number in range(2_000)]
    found = vault.keys(subjects)
    other = Vault(path, MASTER)
    again = other.keys([*subjects, *subjects])
    assert {of: key and key.id for of, key in again.items()} == {
        of: key and key.id for of, key in found.items()
    }
    assert len({key.secret for key in found.values() if key}) == 2_000
    other.close()


def test_a_destroyed_key_is_gone_from_the_files(path: Path, vault: Vault) -> None:
    """Among many, made in any order, so that pages were split and filled around it."""
    random = Random(8)
    subjects = [f"customer:acme/{number}" for number in random.sample(range(10_000), 3_000)]
    keys = {}
    for start in range(0, len(subjects), 100):
        keys |= vault.keys(subjects[start : start + 100])
    forgotten = set(random.sample(subjects, 60))
    for subject in forgotten:
        assert vault.forget(subject) == 1
    files = bytes_of(path)
    assert not (path.parent / f"{path.name}-wal").stat().st_size
    for subject, key in keys.items():
        assert key is not None
        assert key.secret not in files
        assert (aes_key_wrap(MASTER, key.secret) in files) == (subject not in forgotten)


def test_who_is_forgotten_stays_so_but_partners_may_come_back(vault: Vault) -> None:
    sealed = {
        subject: vault.seal(subject, "Jane")
        for subject in ("partner:jane", "customer:acme/jane", "registration:r-1")
    }
    for subject, text in sealed.items():
        assert not vault.is_forgotten(subject)
        assert vault.forget(subject) == 1
        assert vault.forget(subject) == 1, "nothing is left to destroy"
        assert vault.reveal(text) == ERASED
        assert vault.is_forgotten(subject)
    assert vault.seal("customer:acme/jane", "Jane") == ERASED
    assert vault.keys(["registration:r-1"]) == {"registration:r-1": None}
    again = vault.seal("partner:jane", "Jane")
    assert vault.reveal(again) == "Jane"
    assert vault.reveal(sealed["partner:jane"]) == ERASED
    assert vault.forget("partner:jane") == 2
    assert vault.forget("customer:acme/never-seen") == 1
    assert vault.seal("customer:acme/never-seen", "x") == ERASED


def test_pseudonyms_of_a_program_end_with_its_secret(path: Path, vault: Vault) -> None:
    id = vault.secret_of("acme")
    first = vault.pseudonym("acme", "jane")
    assert first != vault.pseudonym("globex", "jane")
    other = Vault(path, MASTER)
    assert other.pseudonym("acme", "jane") == first
    assert other.secret_of("acme", id) == id
    other.close()
    vault.forget("program:acme")
    for ask in (lambda: vault.pseudonym("acme", "jane"), lambda: vault.secret_of("acme", id)):
        with pytest.raises(SecretDestroyed):
            ask()
    assert is_pseudonym(vault.pseudonym("globex", "jane"))


def test_another_vault_makes_no_pseudonyms_in_place_of_the_first(
    vault: Vault, tmp_path: Path
) -> None:
    recorded = vault.secret_of("acme")
    other = Vault(tmp_path / "other" / "vault.sqlite", MASTER)
    with pytest.raises(WrongVault, match=recorded):
        other.secret_of("acme", recorded)
    assert not other.has_key("program:acme"), "none was made"
    other.close()


@pytest.mark.parametrize("writers", [1, 2])
def test_kill_9_loses_no_key_that_something_was_sealed_with(path: Path, writers: int) -> None:
    Vault(path, MASTER).close()
    for patience in (1, 7, 20):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", SEALS, str(path), f"{patience}-{number}"],
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(writers)
        ]
        said: list[str] = []
        for process in running:
            assert process.stdout is not None
            said += [process.stdout.readline() for _ in range(patience)]
        for process in running:
            os.kill(process.pid, signal.SIGKILL)
        for process in running:
            rest, _ = process.communicate()
            said += rest.splitlines(keepends=True)
        vault = Vault(path, MASTER)
        whole = [line.split() for line in said if line.endswith("\n")]
        assert len(whole) >= patience * writers
        assert {vault.reveal(sealed) for _, sealed in whole} == {"Jane"}
        for subject, sealed in whole:
            assert vault.seal(subject, "Jane") == sealed
        vault.close()


def test_kill_9_while_forgetting_is_finished_by_repeating_it(path: Path) -> None:
    vault = Vault(path, MASTER)
    subjects = [f"customer:acme/{number}" for number in range(400)]
    keys = vault.keys(subjects)
    process = subprocess.Popen(
        [sys.executable, "-c", FORGETS, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n".join(subjects))
    process.stdin.close()
    for _ in range(20):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = [subject for subject in subjects if vault.is_forgotten(subject)]
    assert len(done) >= 20
    vault.forget(done[-1])
    files = bytes_of(path)
    for subject in done:
        key = keys[subject]
        assert key is not None
        assert aes_key_wrap(MASTER, key.secret) not in files
    vault.close()


def test_a_reader_that_holds_old_pages_is_said(
    path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    vault.seal("partner:jane", "Jane")
    monkeypatch.setattr("aggregates.vault_file.BUSY_S", 0.2)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM keys").fetchone()
    with pytest.raises(VaultError, match="repeat the command"):
        vault.forget("partner:jane")
    reader.execute("COMMIT")
    assert vault.forget("partner:jane") == 1
    assert not (path.parent / f"{path.name}-wal").stat().st_size
    reader.close()


def test_files_are_for_their_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLEDGER_VAULT", raising=False)
    monkeypatch.delenv("PLEDGER_VAULT_KEY", raising=False)
    settings = load({"PLEDGER_HOME": str(tmp_path)})
    vault = open_vault(settings)
    sealed = vault.seal("partner:jane", "Jane")
    for file in [settings.keys / MASTER_FILE, *(tmp_path / "vault").iterdir()]:
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700
    vault.close()

    key = master_key(settings.keys).hex()
    monkeypatch.setenv("PLEDGER_VAULT_KEY", key)
    monkeypatch.setenv("PLEDGER_VAULT", str(tmp_path / "elsewhere"))
    (settings.keys / MASTER_FILE).unlink()
    elsewhere = open_vault(settings)
    assert elsewhere.reveal(sealed) == NOT_OPENED
    assert elsewhere.path.parent == tmp_path / "elsewhere"
    elsewhere.close()
    monkeypatch.delenv("PLEDGER_VAULT")
    opened = open_vault(settings)
    assert opened.reveal(sealed) == "Jane"
    opened.close()


def test_a_key_is_on_the_disk_when_its_commit_returns(vault: Vault) -> None:
    """What a power cut would show, and no test can; as the settings promise it."""
    asked = ("synchronous", "journal_mode", "secure_delete")
    found = [vault._file._database.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert found == [2, "wal", 1]


def test_what_cannot_be_used_is_said(path: Path, tmp_path: Path) -> None:
    vault = Vault(path, MASTER)
    sealed = vault.seal("partner:jane", "Jane")
    vault.close()
    other = Vault(path, b"x" * 32)
    with pytest.raises(VaultError, match=MASTER_FILE):
        other.reveal(sealed)
    with pytest.raises(VaultError, match=MASTER_FILE):
        other.seal("partner:jane", "Jane")
    other.close()
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database at all" * 400)
    with pytest.raises(VaultError, match=r"broken\.sqlite"):
        Vault(broken, MASTER)
    (tmp_path / MASTER_FILE).write_text('{"key": "abc"}')
    with pytest.raises(VaultError, match="64 hexadecimal digits"):
        master_key(tmp_path)
