"""Agreements: published, shown, and accepted by a named person who saw that very text."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from events.settings import Settings
from tests.cli.conftest import CommandFailed, ask, run

pytestmark = pytest.mark.broker

TEXT = "1. We pay 10 % of a sale — net.\r\n2. No bidding on our name.\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "agreement.txt"
    path.write_bytes(TEXT.encode())
    return str(path)


def test_publish_show_accept(here: Settings, text: str, tmp_path: Path) -> None:
    run("programs", "add", "acme", "--currency", "EUR")
    run("terms", "add", "acme", "--sale", "10%")
    run("partners", "add", "jane", "--program", "acme")
    assert "has no agreement: all may earn" in run("agreements", "list", "acme")

    said = run("agreements", "publish", "acme", "--title", "Partner agreement", "--file", text,
               "--terms", "1", "--by", "ann")  # fmt: skip
    assert said == f"agreement 1 of acme published, sha256 {SHA256}\n"
    assert run("agreements", "publish", "acme", "--title", "Partner agreement", "--file", text,
               "--terms", "1") == said  # fmt: skip
    assert f"sha256 {SHA256}" in run("agreements", "show", "acme")
    shown = ask("agreements", "show", "acme")
    assert (shown["text"], shown["sha256"], shown["terms"]) == (TEXT, SHA256, 1)

    accept = ("agreements", "accept", "acme", "jane", "--person", "Jane Doe")
    moment = ("--at", "2026-11-20T09:00:00Z")
    told = run(*accept, "--sha256", SHA256.upper(), *moment)
    assert told == "Jane Doe accepted agreement 1 of acme for partner jane\n"
    run(*accept, "--file", text)  # the same again: the first one stands
    [accepted] = ask("agreements", "list", "acme", "--accepted")
    assert (accepted["partner"], accepted["person"], accepted["version"]) == ("jane", "Jane Doe", 1)
    assert accepted["accepted"] == "2026-11-20T09:00:00Z"
    assert accepted["sha256"] == SHA256
    [version] = ask("agreements", "list", "acme")
    assert (version["version"], version["accepted_by"], version["terms"]) == (1, 1, 1)
    assert "Jane Doe" in run("agreements", "list", "acme", "--accepted")

    other = tmp_path / "other.txt"
    other.write_text("We pay nothing.\n")
    for arguments, why in (
        ((*accept, "--file", str(other)), "what was shown has sha256"),
        ((*accept, "--sha256", "0" * 64), f"has {SHA256}; show it again"),
        (accept, "--sha256 .* or --file"),
        ((*accept, "--sha256", SHA256, "--version", "2"), "agreement 2 of acme does not exist"),
        (("agreements", "show", "globex"), "see `pledger programs list`"),
        (
            ("agreements", "publish", "acme", "--title", "T", "--file", text, "--terms", "9"),
            "no version 9 of the terms",
        ),
    ):
        with pytest.raises(CommandFailed, match=why) as caught:
            run(*arguments)
        assert caught.value.code == 1
        assert len(caught.value.said.strip().splitlines()) == 1


def test_a_text_that_is_none(here: Settings, tmp_path: Path) -> None:
    run("programs", "add", "acme")
    path = tmp_path / "picture.bin"
    path.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(CommandFailed, match=r"picture\.bin: .* expected UTF-8"):
        run("agreements", "publish", "acme", "--title", "T", "--file", str(path))
