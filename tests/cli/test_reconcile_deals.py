"""`pledger reconcile deals` on a real log: an export held against what was imported of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from events.settings import Settings
from tests.cli.conftest import ask, invoke, run
from tests.cli.payout_scene import working

pytestmark = pytest.mark.broker

MAP = """
name = "shop"
program = "acme"
[file]
date_format = "iso"
numbers = ["total"]
[deal]
id = "order"
occurred_at = "day"
amount = "total"
currency = { value = "EUR" }
customer = "who"
[refund]
when = "total < 0"
deal = "of"
"""
HEAD = "order,day,total,who,of\n"
LINES = [
    "A1,2026-11-02,10.00,ann,\n",
    "A2,2026-11-03,5.50,bob,\n",
    "A3,2026-11-04,7.00,cem,\n",
    "R1,2026-11-05,-2.00,ann,A1\n",
]


@pytest.fixture
def shop(here: Settings, tmp_path: Path) -> Path:
    """A directory with an export that was imported, and attributed."""
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "orders.csv").write_text(HEAD + "".join(LINES))
    run("programs", "add", "acme", "--name", "Acme", "--currency", "EUR")
    run("import", "deals", str(tmp_path / "orders.csv"), "--map", str(tmp_path / "map.toml"))
    with working(here):
        assert ask_of(tmp_path, "orders.csv", "--patience", "60")[0] == 0
    return tmp_path


def ask_of(directory: Path, file: str, *options: str) -> tuple[int, Any]:
    command = ["reconcile", "deals", str(directory / file), "--map", str(directory / "map.toml")]
    found = invoke([*command, "--json", *options])
    return found.exit_code, json.loads(found.stdout) if found.stdout else found.output


def test_an_export(shop: Path) -> None:
    """One imported export, and all that may be asked of it."""
    the_same(shop)
    changed(shop)
    json_lines_with_what_was_refunded(shop)
    what_cannot_be_compared(shop)


def the_same(shop: Path) -> None:
    code, found = ask_of(shop, "orders.csv")
    assert (code, found["deals"], found["refunds"], found["waiting"]) == (0, 3, 1, 0)
    assert found["sums"][0]["ledger"] == found["sums"][0]["other"] == 2_050
    assert found["uncredited"] == {"no_terms": 3}


def changed(shop: Path) -> None:
    lines = [
        LINES[0],
        LINES[1].replace("5.50", "5.75"),
        LINES[3].replace("-2.00", "-3.00"),
        "A4,2026-11-05,99.00,dan,\n",
        LINES[0],  # the whole line once more
        "A5,2026-11-06,nothing,eve,\n",
    ]
    (shop / "changed.csv").write_text(HEAD + "".join(lines))
    code, found = ask_of(shop, "changed.csv")
    assert code == 1
    listed = {(one["kind"], one["subject"], one["difference"]) for one in found["differences"]}
    assert listed == {
        ("twice_there", "A1", 1_000),
        ("amount", "A2", 25),
        ("not_there", "A3", -700),
        ("refund", "A1", -100),
        ("not_here", "A4", 9_900),
        ("unreadable", "", 0),
    }
    [sums] = found["sums"]
    assert sums["difference"] == sum(sums["explained"].values()) == 10_125
    missing = next(one for one in found["differences"] if one["kind"] == "not_there")
    assert missing["position"].startswith("conversions/")
    wrong = next(one for one in found["differences"] if one["kind"] == "amount")
    assert wrong["where"] == "changed.csv:3"
    said = invoke(
        ["reconcile", "deals", str(shop / "changed.csv"), "--map", str(shop / "map.toml")]
    ).output
    assert "counted more than once in the export: 1" in said and "101.25 EUR" in said, said

    code, found = ask_of(shop, "changed.csv", "--to", "2026-11-04")
    assert "not_there" not in {one["kind"] for one in found["differences"]}


def json_lines_with_what_was_refunded(shop: Path) -> None:
    orders = [
        {"order": "A1", "day": "2026-11-02", "total": 10.00, "who": "ann", "back": {"sum": 2}},
        {"order": "A2", "day": "2026-11-03", "total": 5.50, "who": "bob", "of": None},
        {"order": "A3", "day": "2026-11-04", "total": 7, "who": "cem", "of": ""},
    ]
    file = shop / "orders.jsonl"
    file.write_text("\n".join(map(json.dumps, orders)) + "\n")
    code, found = ask_of(shop, "orders.jsonl", "--refunded", "back.sum", "--to", "2026-11-06")
    assert code == 0, found
    assert (found["deals"], found["refunds"]) == (3, 1)
    answer = ask("import", "deals", str(file), "--map", str(shop / "map.toml"), "--dry-run")
    assert (answer["already"], answer["written"], answer["rejected"]) == (3, 0, [])
    file.write_text("[1]\n{broken\n")
    code, said = ask_of(shop, "orders.jsonl")
    assert code == 2 and "no column" in said


def what_cannot_be_compared(shop: Path) -> None:
    code, said = ask_of(shop, "orders.csv", "--program", "nobody")
    assert code == 2 and "does not exist" in said
    code, said = ask_of(shop, "orders.csv", "--refunded", "nothing")
    assert code == 2 and "no such column" in said
