"""The commands on checkpoints and keys: what they print, and how they end."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from aggregates.application import open_decisions
from cli.main import app
from events.settings import Settings
from tests.audit.signing_scene import resigned, stranger
from tests.audit.test_on_kafka import found_program

pytestmark = pytest.mark.broker


@pytest.fixture
def home(ledger: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PLEDGER_HOME", str(ledger.home))
    monkeypatch.setenv("PLEDGER_BROKER", ledger.broker.servers)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("PLEDGER_SIGNING_KEYS", raising=False)
    with closing(open_decisions(ledger.broker)) as decisions:
        found_program(decisions)
    return ledger


def pledger(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=given)


def test_from_the_first_checkpoint_to_a_stolen_key(home: Settings, tmp_path: Path) -> None:
    early = pledger("checkpoint")
    assert (early.exit_code, "--sign" in early.stderr) == (1, True)
    assert pledger("signing-keys", "list").stdout.startswith("no signing key yet")

    first = pledger("checkpoint", "--sign", "--by", "ann")
    assert first.exit_code == 0, first.output
    assert pledger("checkpoint").stdout == first.stdout
    told = json.loads(pledger("checkpoint", "--json").stdout)
    assert (told["checkpoint"], told["note"], told["by"]) == (1, first.stdout, "ann")
    assert told["trees"]["decisions/0"]["size"] > 8

    verified = pledger("verify", "--against", "-", given=first.stdout)
    assert (verified.exit_code, verified.stdout.splitlines()[-1]) == (0, "verified")
    assert "as number 1 of 1" in verified.stdout

    [key] = json.loads(pledger("signing-keys", "list", "--json").stdout)
    assert (key["state"], key["here"]) == ("signs", True)
    assert key["vkey"] == told["vkey"]
    retired = pledger("signing-keys", "retire", key["key"], "--reason", "stolen")
    assert retired.exit_code == 0
    refused = pledger("checkpoint", "--sign")
    assert refused.exit_code == 1 and "signing-keys rotate" in refused.stderr
    assert pledger("signing-keys", "rotate").exit_code == 0

    answer = pledger("verify", "--against", "-", "--json", given=first.stdout)
    assert answer.exit_code == 1
    [difference] = json.loads(answer.stdout)["differences"]
    assert difference["kind"] == "unvouched_key"
    second = pledger("checkpoint", "--number", "2")
    assert second.stdout.splitlines()[1] == "checkpoint 2"
    assert pledger("verify", "--against", "-", given=second.stdout).exit_code == 0
    listed = pledger("checkpoint", "list")
    assert len([line for line in listed.stdout.splitlines() if "decisions/0/" in line]) == 2


def test_how_verify_ends(home: Settings, tmp_path: Path) -> None:
    note = pledger("checkpoint", "--sign").stdout
    forged = pledger("verify", "--against", "-", given=note.replace("checkpoint 1", "checkpoint 2"))
    assert forged.exit_code == 1
    assert forged.stdout.startswith("NOT VERIFIED: signature checkpoint 2")

    other = pledger("verify", "--against", "-", given=resigned(note, stranger()))
    assert (other.exit_code, "unknown_key" in other.stdout) == (1, True)

    for arguments, given, says in (
        ((), None, "say what to verify"),
        (("--against", str(tmp_path / "none.txt")), None, "No such file"),
        (("--against", "-"), "hello", "no blank line"),
        (("--against", "-"), "\x00\xff", "no blank line"),
        (("--against", "-", "--key", "abc"), note, "name+hash+base64"),
    ):
        done = pledger("verify", *arguments, given=given)
        assert done.exit_code == 2, done.output
        assert says in done.stderr


def test_verify_without_a_ledger(
    tmp_path: Path, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = pledger("checkpoint", "--sign").stdout
    monkeypatch.setenv("PLEDGER_BROKER", "127.0.0.1:1")
    done = pledger("verify", "--against", "-", given=note)
    assert done.exit_code == 2
    assert "no Kafka broker answers" in done.stderr
