"""`pledger forget` and `programs personal-fields`: what they refuse, say and list."""

from __future__ import annotations

import shutil

import pytest

from aggregates.application import open_decisions
from cli import revealing
from cli.revealing import vault_of
from events.codec import encode
from events.conversions import Deal, conversion_key
from events.log import Writer
from events.sealing import ERASED, is_pseudonym
from events.settings import Settings
from events.topics import CONVERSIONS
from tests.cli.conftest import CommandFailed, ask, invoke, run

pytestmark = pytest.mark.broker

NAME = "Perpetua Winterbourne"


def refused(*arguments: str) -> CommandFailed:
    with pytest.raises(CommandFailed) as found:
        run(*arguments)
    return found.value


def test_what_an_earlier_release_recorded_is_listed_and_cannot_be_erased(here: Settings) -> None:
    early = open_decisions(here.broker)  # as a release without a vault
    early.register_partner("perpetua", NAME)
    early.close()
    assert NAME in run("partners", "list")
    run("partners", "payee", "perpetua", "--method", "paypal", "--name", NAME, "--email",
        "perpetua@a.example")  # fmt: skip
    said = invoke(["forget", "partner:perpetua"])
    assert said.exit_code == 1
    assert "1 records hold some of it in plain" in said.stdout
    assert "decisions/0/0" in said.stdout
    assert NAME in run("partners", "list"), "and still is"
    assert ERASED in run("partners", "payee", "perpetua")
    assert "not searched" in run("forget", "partner:perpetua", "--no-search")


def test_nobody_is_listed_until_somebody_is_forgotten(here: Settings) -> None:
    assert "nobody was forgotten" in run("forget", "--list")
    run("programs", "add", "acme")
    run("partners", "add", "perpetua", "--name", NAME, "--program", "acme")
    done = ask("forget", "partner:perpetua", "--reason", "asked for it", "--by", "ann")
    assert done == {
        "forgotten": ["partner:perpetua"], "reason": "asked for it", "owed": [],
        "searched": True, "unread": False, "in_plain": [],
    }  # fmt: skip
    [listed] = ask("forget", "--list")
    assert (listed["subject"], listed["by"], listed["reason"], listed["key"]) == (
        "partner:perpetua", "ann", "asked for it", "destroyed",
    )  # fmt: skip
    again = run("forget", "partner:perpetua")
    assert again.startswith("forgotten: partner:perpetua")
    assert "could not be looked for" in again, "nobody can read any longer what to look for"
    assert "no record" not in again
    assert len(ask("forget", "--list")) == 1
    run("partners", "payee", "perpetua", "--method", "paypal", "--name", NAME, "--email",
        "p@a.example")  # fmt: skip
    assert [row["key"] for row in ask("forget", "--list")] == ["destroyed"], "of its first key"
    assert NAME in run("partners", "payee", "perpetua")


def test_a_backup_that_was_brought_back_is_seen(here: Settings) -> None:
    run("partners", "add", "perpetua", "--name", NAME)
    vault = vault_of(here)
    backup = here.home / "backup.sqlite"
    with vault._file._lock:
        vault._file._database.execute("VACUUM INTO ?", (str(backup),))
    run("forget", "partner:perpetua")
    vault.close()
    revealing._vaults.clear()
    for file in vault.path.parent.iterdir():
        file.unlink()
    shutil.copy(backup, vault.path)
    assert NAME in run("partners", "list"), "its key is back"
    listed = invoke(["forget", "--list"])
    assert listed.exit_code == 1
    assert "back" in listed.stdout
    assert "forget the subject again" in listed.stderr
    run("forget", "partner:perpetua")
    assert ERASED in run("partners", "list")
    assert [row["key"] for row in ask("forget", "--list")] == ["destroyed"]


def test_subjects_that_are_none_are_refused(here: Settings) -> None:
    run("programs", "add", "acme")
    assert "partner:ID" in refused("forget", "perpetua").said
    assert "register it first" in refused("forget", "partner:nobody").said
    assert "create it first" in refused("forget", "customer:globex/x").said
    assert "name a subject" in refused("forget").said
    assert "name a subject" in invoke(["forget", "-"], input="").stderr


def test_fields_are_marked_before_the_first_conversion(here: Settings) -> None:
    run("programs", "add", "acme", "--currency", "EUR")
    assert "marks nothing" in run("programs", "personal-fields", "acme")
    assert "customer, identity" in run("programs", "personal-fields", "acme", "customer")
    assert ask("programs", "personal-fields", "acme")["fields"] == ["customer", "identity"]
    assert "metadata.<name>" in refused("programs", "personal-fields", "acme", "email").said
    assert "marks nothing" in run("programs", "personal-fields", "acme", "--none")
    given = Deal("acme", "eusebia", "E-1", "D-1", 500, "EUR", 1_795_000_000_000, 0)
    writer = Writer(here.broker)
    writer.append(CONVERSIONS, key=conversion_key("acme", "eusebia"), value=encode(given))
    writer.flush()
    assert "--anyway" in refused("programs", "personal-fields", "acme", "identity").said
    assert run("programs", "personal-fields", "acme", "metadata.email")
    assert run("programs", "personal-fields", "acme", "customer", "--anyway")
    said = invoke(["forget", "customer:acme/eusebia"])
    assert said.exit_code == 1
    assert "conversions/" in said.stdout, "what was recorded before the mark"
    [listed] = ask("forget", "--list")
    assert is_pseudonym(listed["subject"].rpartition("/")[2]), "the decision does not name it"
