"""Bundles on a real ledger: exported by command, verified where the ledger is out of reach."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from aggregates.application import open_decisions
from audit.bundle.archive import packed
from events.settings import Settings
from tests.audit.bundle.forging import Forged
from tests.audit.bundle.reading import members_in
from tests.audit.bundle.test_bundles import alone
from tests.audit.test_on_kafka import DEALS, WORKER, booked, found_program, pledger, sell
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker


def test_a_payout_is_exported_and_verified_elsewhere(ledger: Settings, tmp_path: Path) -> None:
    note, later = tmp_path / "note.txt", tmp_path / "later.txt"
    whole, own, paper = (tmp_path / name for name in ("whole.zip", "own.zip", "proof.pdf"))
    with started(ledger, *WORKER) as worker, closing(open_decisions(ledger.broker)) as decisions:
        found_program(decisions)
        sell(ledger, 0, DEALS, 10)
        wait_until(lambda: booked(ledger.broker) == DEALS + DEALS // 5, "all deals booked")
        decisions.request_payout("po-1", "jane", "acme", "EUR", 1500)
        wait_until(lambda: decisions.payout("po-1").status == "funded", "po-1 funded")
        code, said = pledger(ledger, "checkpoint", "--sign")
        assert code == 0, said
        note.write_text(said)
        decisions.send_payout("po-1", "bank-7")

        asked = ("audit", "payout", "po-1", "--export")
        code, said = pledger(ledger, *asked, str(whole), "--report", str(paper))
        assert code == 0 and "verified" in said.splitlines(), said
        assert paper.read_bytes().startswith(b"%PDF")
        code, said = pledger(ledger, *asked, str(own), "--for-partner", "--json")
        assert (code, json.loads(said)["bundle"]["rests"]) == (0, []), said
        sell(ledger, DEALS, 5, 10)
        wait_until(lambda: booked(ledger.broker) == DEALS + DEALS // 5 + 8, "more booked")
        later.write_text(pledger(ledger, "checkpoint", "--sign")[1])
        vkey = json.loads(pledger(ledger, "signing-keys", "list", "--json")[1])[0]["vkey"]
        assert worker.end() == 0

    for bundle in (whole, own):
        code, said, wrong = alone(str(bundle), "--key", vkey, "--against", str(note))
        assert (code, said.splitlines()[-1:]) == (0, ["verified"]), said + wrong
        assert "15.00 EUR to jane (acme): sent" in said
        code, said, _ = alone(str(bundle), "--json")
        found = json.loads(said)["bundle"]
        assert found["checkpoint"]["included"]["newer_entries"] == 1, "it was sent since"
        assert found["checkpoint"]["included"]["entries"] == 25
    assert b"omar" not in b"".join(members_in(own.read_bytes()).values())

    code, said, _ = alone(str(whole), "--against", str(later))
    assert code == 1 and "older than what you keep" in said
    code, _, wrong = alone(str(whole), "--key", vkey[:-3])
    assert code == 2 and wrong.startswith("error: ")
    forged = Forged(members_in(whole.read_bytes()))
    at = forged.edit("journal", '"commission"', base=1)
    other = tmp_path / "other.zip"
    other.write_bytes(packed(forged.corrected()))
    code, said, _ = alone(str(other))
    assert code == 1 and said.startswith(f"NOT VERIFIED: altered {at}"), said
