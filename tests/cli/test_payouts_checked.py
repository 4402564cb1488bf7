"""Two persons, minimum and fees, schedules: payouts as terms say, on the real broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.settings import Settings
from events.terms import PayoutTerms
from tests.cli.bank_files import notification
from tests.cli.conftest import CommandFailed, ask, run
from tests.cli.payout_scene import deciding, found_program, sell, worker

__all__ = ["worker"]
pytestmark = pytest.mark.broker
JOURNAL = ("--balances", "journal")


def test_a_second_person_approves_and_what_comes_back_is_available_again(
    worker: Settings, tmp_path: Path
) -> None:
    kept = PayoutTerms("EUR", minimum=500, fee=25, fee_rate=100, withholding=1_000)
    with deciding(worker) as ledger:
        known = found_program(
            ledger,
            ("jane", "omar", "poor"),
            engine="2",
            payout_approval="two_persons",
            payouts=(kept,),
        )
    sell(worker, known, {"jane": 20_000, "omar": 10_000, "poor": 1_000})

    # One payout: whoever approves is not whoever asked.
    asked = ask("payouts", "request", "jane", "--program", "acme", "--id", "p1", "--by", "Ann Lee")
    assert asked["status"] == "proposed"
    with pytest.raises(CommandFailed, match="somebody else must approve"):
        run("payouts", "approve", "p1", "--by", "annlee")
    with pytest.raises(CommandFailed, match="who approves it"):
        run("payouts", "approve", "p1")
    with pytest.raises(CommandFailed, match="who asks"):
        run("payouts", "request", "omar", "--program", "acme", "--id", "p2")
    approved = ask("payouts", "approve", "p1", "--by", "bob")
    # 20.00 gross - 2.00 withheld - 0.25 - 0.20 fees
    assert (approved["status"], approved["amount"]) == ("funded", 1_755)
    with pytest.raises(CommandFailed, match="only one that is proposed can be canceled"):
        run("payouts", "cancel", "p1", "--by", "bob")
    run("payouts", "request", "omar", "--program", "acme", "--id", "p3", "--by", "ann")
    run("payouts", "cancel", "p3", "--reason", "typo", "--by", "ann")
    assert ask("payouts", "show", "p3")["status"] == "canceled"

    # A run: proposed by one, approved by another; the minimum leaves one out, jane is paid.
    start = ("runs", "start", "r1", "--program", "acme", *JOURNAL, "--by", "ann")
    plan = ask(*start, "--dry-run")
    left = {one["partner"]: one["left_out"] for one in plan["left_out"]}
    assert left["poor"] == "minimum 5.00 EUR, available 1.00 EUR"
    assert left["jane"].startswith("nothing available")
    assert ask(*start)["statuses"] == {"proposed": 1}
    assert ask("audit", "run", "r1")["proof"]["unbooked"][0]["status"] == "proposed"
    with pytest.raises(CommandFailed, match="somebody else"):
        run("runs", "approve", "r1", "--by", "ANN")
    answer = ask("runs", "approve", "r1", "--by", "bob")
    assert (answer["statuses"], answer["amount"]) == ({"funded": 1}, 1_000 - 100 - 25 - 10)

    sent = ask("runs", "files", "r1", "--format", "bank", "--out", str(tmp_path), "--send")
    assert sent["total"] == 865
    settled = ask("runs", "settle", "r1", "--reference", "BATCH", "--by", "ann")
    assert settled["statuses"] == {"settled": 1}
    told = tmp_path / "camt.xml"
    told.write_text(notification("02", [("CRDT", "r1-omar", "8.65", "EUR", "AC04")]))
    assert ask("payouts", "import-status", str(told), "--dry-run")["counts"] == {"returned": 1}
    assert ask("payouts", "import-status", str(told))["counts"] == {"returned": 1}
    assert ask("payouts", "import-status", str(told))["counts"] == {"already": 1}

    # The gross is available again, and a new run pays it.
    again = ask(*(word.replace("r1", "r2") for word in start), "--dry-run")
    assert [(one["partner"], one["available"]) for one in again["paid"]] == [("omar", 1_000)]

    proof = ask("audit", "run", "r1")["proof"]
    assert (proof["statuses"], proof["amount"]) == ({"returned": 1}, 0)
    assert ask("audit", "payout", "p1")["proof"]["amount"] == 1_755
    report = ask("replay", "--verify")
    assert report["differences"] == []


def test_due_runs_start_once(worker: Settings) -> None:
    with deciding(worker) as ledger:
        known = found_program(
            ledger, ("jane", "omar"), engine="2", payout_schedule="monthly", payout_day=1
        )
    assert run("runs", "due", *JOURNAL) == "no run is due\n"
    sell(worker, known, {"jane": 20_000})
    [due] = ask("runs", "due", *JOURNAL)
    assert (due["program"], due["unit"], due["payouts"]) == ("acme", "EUR", 1)
    assert due["run"].startswith("acme-20") and due["run"].endswith("-eur")
    sell(worker, known, {"omar": 20_000})
    assert ask("runs", "due", *JOURNAL) == []
    [paid] = ask("runs", "show", due["run"])["each"]
    assert (paid["payout"], paid["requested_by"]) == (f"{due['run']}-jane", "schedule")
