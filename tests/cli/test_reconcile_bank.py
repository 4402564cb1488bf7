"""`pledger reconcile bank` on a real log: what a bank says, held against what was decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.reading import iso
from events.settings import Settings
from tests.cli.conftest import invoke
from tests.cli.payout_scene import deciding
from tests.cli.statement_files import entry, statement

pytestmark = pytest.mark.broker


def compared(file: Path, *options: str) -> tuple[int, Any]:
    found = invoke(["reconcile", "bank", str(file), "--json", *options])
    return found.exit_code, json.loads(found.stdout) if found.stdout else found.output


def test_a_month(here: Settings, tmp_path: Path) -> None:
    with deciding(here) as ledger:
        ledger.create_program("acme", "Acme", "EUR")
        for number, amount in enumerate((1_250, 2_000, 10_000, 700, 300), 1):
            partner, payout = f"p{number}", f"po-{number}"
            ledger.register_partner(partner, partner)
            ledger.approve(partner, "acme")
            ledger.request_payout(payout, partner, "acme", "EUR", amount, by="ann")
            ledger.fund_payout(payout, amount, f"journal/0/{number}")
            ledger.send_payout(payout, "run-1", by="ann")
            if number < 5:
                ledger.settle_payout(payout, f"B{number}", by="ann")
    entries = [
        entry("DBIT", "12.50", [("po-1", "12.50")]),
        entry("DBIT", "20.00", [("po-2", "20.00")]),
        entry("DBIT", "100.50", [("po-3", "100.50")], instructed="100.00"),
        entry("DBIT", "7.00", [("po-4", "7.00")]),
    ]
    file = tmp_path / "november.xml"
    file.write_text(statement(entries, "1000.00", "860.00"))
    span = ("--from", "2026-01-01", "--to", "2100-01-01")  # the payouts are of today
    code, found = compared(file, *span)
    assert (code, found["agrees"]) == (0, True), found
    assert found["fees"] == {"EUR": 50} and found["on_the_way"] == ["po-5"]
    assert found["sums"] == [
        *({"unit": "EUR", "ledger": 13_950, "other": 13_950, "difference": 0, "explained": {},
           "unexplained": 0},)
    ]  # fmt: skip

    entries[1] = entry("DBIT", "21.00", [("po-2", "21.00")])
    entries[3] = entry("DBIT", "3.00", [("po-5", "3.00")])
    entries += [
        entry("CRDT", "12.50", [("po-1", "12.50")], code="AC04"),
        entry("DBIT", "45.00", [("rent", "45.00")]),
    ]
    file.write_text(statement(entries, "1000.00", "860.00"))
    code, found = compared(file, *span)
    assert code == 1
    assert {(one["kind"], one["subject"], one["difference"]) for one in found["differences"]} == {
        ("amount", "po-2", 100),
        ("not_at_bank", "po-4", -700),
        ("not_settled_here", "po-5", 300),
        ("returned_at_bank", "po-1", -1_250),
        ("not_in_ledger", "rent", 4_500),
    }
    [sums] = found["sums"]
    assert sums["difference"] == sum(sums["explained"].values()) == 2_950
    missing = next(one for one in found["differences"] if one["kind"] == "not_at_bank")
    assert missing["position"].startswith("decisions/0/")
    assert not found["balances"][0]["is_whole"]  # the closing balance is still the old one

    code, found = compared(file, *span, "--others")
    assert "rent" not in {one["subject"] for one in found["differences"]}
    assert found["other"] == {"EUR": -4_500}
    said = invoke(["reconcile", "bank", str(file), *span]).output
    assert "settled in the ledger, not at the bank: 1" in said, said
    assert "difference 29.50 EUR" in said
    long_ago = compared(file, "--from", "2020-01-01", "--to", iso(1_600_000_000_000))[1]
    assert "not_at_bank" not in {one["kind"] for one in long_ago["differences"]}


def test_what_cannot_be_compared(here: Settings, tmp_path: Path) -> None:
    file = tmp_path / "no.xml"
    file.write_text("<a/>")
    found = invoke(["reconcile", "bank", str(file)])
    assert found.exit_code == 2 and "expected camt.053" in found.output
    file.write_text("payout,amount\n")
    found = invoke(["reconcile", "bank", str(file)])
    assert found.exit_code == 2 and "--currency EUR" in found.output
