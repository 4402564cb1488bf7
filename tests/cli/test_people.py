"""Who decided, by command: keys, and the trail, on a real log."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aggregates.acting import acting, carried, origin, user_at_host
from aggregates.api_key import new_key, sha256_of, split_token
from aggregates.errors import Invalid
from cli.scheduler import AUTHOR, _parts
from events.decisions import Origin
from events.settings import Settings
from tests.cli.conftest import CommandFailed, ask, invoke, run


@pytest.mark.broker
def test_the_trail_by_command(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ask("api-keys", "create", "Ann Lee", "--id", "ann", "--by", "root")
    parts = split_token(made["token"])
    assert parts is not None and parts[0] == "ann"
    [key] = ask("api-keys", "list")
    assert (key["person"], key["issued_by"], key["is_revoked"]) == ("Ann Lee", "root", False)
    monkeypatch.setenv("PLEDGER_BY", "eve")
    run("programs", "add", "acme", "--name", "Acme", "--currency", "EUR")
    monkeypatch.delenv("PLEDGER_BY")
    run("api-keys", "revoke", "ann", "--reason", "lost")
    assert ask("api-keys", "list", "--person", "Ann Lee")[0]["is_revoked"]
    with pytest.raises(CommandFailed, match="no api_key"):
        run("api-keys", "revoke", "nobody")

    trail = ask("trail")
    assert [(one["person"], one["what"]) for one in trail] == [
        ("root", "issued API key ann to Ann Lee"),
        ("eve", "created program acme, which pays in EUR"),
        ("", "revoked API key ann: lost"),
    ]
    assert {(one["via"], one["source"]) for one in trail} == {("cli", user_at_host())}
    assert not any(one["proved"] for one in trail)
    assert [one["number"] for one in ask("trail", "--by", "EVE")] == [2]
    assert [one["number"] for one in ask("trail", "--about", "ann")] == [1, 3]
    assert [one["number"] for one in ask("trail", "--about", "program:acme")] == [2]
    assert [one["number"] for one in ask("trail", "--last", "1")] == [3]
    assert ask("trail", "--via", "api") == ask("trail", "--to", "2020-01-01") == []
    lines = list(csv.DictReader(io.StringIO(run("trail", "--csv").lstrip("\ufeff"))))
    assert [line["what"] for line in lines] == [one["what"] for one in trail]
    assert made["token"].rpartition("_")[2] not in json.dumps(trail)
    assert invoke(["trail", "--via", "mail"]).exit_code == 1
    assert "not said" in run("trail")


@pytest.mark.broker
def test_the_scheduler_acts_as_itself(here: Settings) -> None:
    with _parts(here) as parts:
        assert parts is not None
        _, ledger = parts
        ledger.create_program("acme", "Acme", "EUR")
        assert (found := origin()) is not None and (found.via, found.by) == ("scheduler", AUTHOR)
    [line] = ask("trail", "--via", "scheduler")
    assert line["person"] == AUTHOR


def test_who_acts_is_carried_to_other_threads() -> None:
    ann, bob = Origin("cli", "ann"), Origin("api", "bob", key="k")

    def seen(_: Any = None) -> Origin | None:
        return origin()

    with ThreadPoolExecutor(2) as pool:
        with acting(ann):
            call = carried(seen)
            with acting(bob):
                assert origin() == bob
                assert pool.submit(call).result() == ann, "who acted when it was handed over"
            assert origin() == ann
            assert list(pool.map(carried(seen), range(3))) == [ann] * 3
            assert pool.submit(seen).result() is None
        assert pool.submit(carried(seen)).result() is None
    assert origin() is None


def test_a_key_is_known_by_its_hash_alone() -> None:
    one, other = new_key("ann"), new_key("ann")
    assert one.token != other.token and one.token.startswith("plk_ann_")
    assert split_token(one.token) == ("ann", one.token.removeprefix("plk_ann_"))
    assert one.sha256 == sha256_of(one.token.removeprefix("plk_ann_"))
    assert len({new_key().key for _ in range(100)}) == 100
    for wrong in ("", "plk", "plk_", "plk_a", "plk_a_", "plk__x", "key_a_x", "PLK_a_x"):
        assert split_token(wrong) is None
    for wrong in ("A", "a_b", "a b", "x" * 33, "-a"):
        with pytest.raises(Invalid):
            new_key(wrong)
