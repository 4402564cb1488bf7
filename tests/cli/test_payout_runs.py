"""A run from its plan to the money that came back, on the real broker."""

from __future__ import annotations

from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from aggregates.commands.payouts import PayoutCommands
from audit.log import KafkaLog
from cli.run_plan import from_journal
from events.settings import Settings
from tests.cli.bank_files import notification
from tests.cli.conftest import CommandFailed, ask, run
from tests.cli.payout_scene import deciding, found_program, sell, worker
from tests.streams.processes import started
from tests.waiting import wait_until

__all__ = ["worker"]
pytestmark = pytest.mark.broker
PARTNERS = ("jane", "omar", "li", "zoe", "poor")
START = ("runs", "start", "r1", "--program", "acme", "--balances", "journal", "--by", "ann")
FAR_FUTURE = 4_000_000_000_000


def found_and_sold(settings: Settings) -> None:
    with deciding(settings) as ledger:
        known = found_program(ledger, PARTNERS)
        ledger.set_payee("zoe", "paypal", "Zoe", email="zoe@example.com")
        ledger.register_partner("nameless", "nameless")
        ledger.approve("nameless", "acme")
        ledger.create_coupon("acme", "by-nameless", "nameless")
        known = ledger.refresh()
    sales = {"jane": 12_345, "omar": 10_000, "li": 5_005, "zoe": 7_000, "nameless": 9_000}
    sell(settings, known, sales)


def test_a_run_is_planned_broken_off_completed_paid_and_returned(
    worker: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_and_sold(worker)

    plan = ask(*START, "--dry-run")
    assert [(one["partner"], one["available"]) for one in plan["paid"]] == [
        ("jane", 1_235),
        ("li", 501),
        ("omar", 1_000),
        ("zoe", 700),
    ]
    [left] = plan["left_out"]
    assert left["partner"] == "nameless" and "no payee details" in left["left_out"]
    with pytest.raises(CommandFailed, match="there is no run r1"):
        run("runs", "show", "r1")

    asked = []
    request = PayoutCommands.request_payout

    def dies_at_the_third(self: PayoutCommands, payout: str, *rest: str, **more: str) -> None:
        if len(asked) == 2:
            raise RuntimeError("killed in the middle")
        asked.append(payout)
        request(self, payout, *rest, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="killed"):
        patched.setattr(PayoutCommands, "request_payout", dies_at_the_third)
        run(*START)
    assert asked == ["r1-jane", "r1-li"]
    assert ask("runs", "show", "r1")["missing"] == 2

    # More money comes: who is in the run was decided when it started.
    answer = ask(*START)
    assert answer["statuses"] == {"funded": 4}
    assert answer["amount"] == 1_235 + 501 + 1_000 + 700
    again = ask(*START)
    assert again == answer
    left_over = from_journal(worker.broker, "acme", "EUR", FAR_FUTURE)
    assert left_over == {"jane": 0, "li": 0, "omar": 0, "zoe": 0, "nameless": 900}

    # Files: one for the bank, one for PayPal; validated by the schema, added up by us.
    out = tmp_path / "payments"
    files = ("runs", "files", "r1", "--out", str(out))
    draft = ask(*files, "--format", "pain.001")
    assert (draft["draft"], draft["payments"], draft["total"]) == (True, 3, 2_736)
    assert ask("runs", "show", "r1")["statuses"] == {"funded": 4}
    for version in ("03", "09"):
        ask(*files, "--format", "pain.001", "--version", version)
    sent = ask(*files, "--format", "pain.001", "--send", "--by", "ann")
    assert (sent["reference"], sent["total"]) == ("r1-1", 2_736)
    assert sent["left_out"][0]["reason"].startswith("paid by paypal")
    tree = fromstring(Path(sent["file"]).read_bytes())
    amounts = {
        one.findtext("{*}PmtId/{*}EndToEndId"): one.findtext("{*}Amt/{*}InstdAmt")
        for one in tree.findall(".//{*}CdtTrfTxInf")
    }
    assert amounts == {"r1-jane": "12.35", "r1-li": "5.01", "r1-omar": "10.00"}
    assert tree.findtext(".//{*}GrpHdr/{*}CtrlSum") == "27.36"
    paypal = ask(*files, "--format", "paypal", "--send", "--by", "ann")
    assert paypal["reference"] == "r1-2"
    line = Path(paypal["file"]).read_bytes()
    assert line == b"zoe@example.com,7.00,EUR,r1-zoe,acme r1,PAYPAL\r\n"
    with pytest.raises(CommandFailed, match="no payouts to pay by bank now"):
        run(*files, "--format", "bank", "--send")
    Path(sent["file"]).unlink()
    assert ask(*files, "--format", "pain.001", "--again", "1")["total"] == 2_736

    # The bank's notification: two booked, one of them returned later, one of another amount.
    told = tmp_path / "camt.xml"
    told.write_text(
        notification(
            "08",
            [
                ("DBIT", "r1-jane", "12.35", "EUR", ""),
                ("DBIT", "r1-li", "5.01", "EUR", ""),
                ("CRDT", "r1-li", "5.01", "EUR", "AC04"),
                ("CRDT", "r1-omar", "9.99", "EUR", "AC01"),
                ("DBIT", "somebody-else", "1.00", "EUR", ""),
            ],
        )
    )
    with pytest.raises(CommandFailed) as other_amount:
        run("payouts", "import-status", str(told))
    assert "r1-omar: says 9.99 EUR; the payout is of 10.00 EUR" in other_amount.value.said
    assert "somebody-else: no payout of this ledger" in other_amount.value.said
    states = {one["payout"]: one for one in ask("runs", "show", "r1")["each"]}
    assert {name: one["status"] for name, one in states.items()} == {
        "r1-jane": "settled",
        "r1-li": "returned",
        "r1-omar": "sent",
        "r1-zoe": "sent",
    }
    assert states["r1-li"]["reason"].startswith("AC04 closed account number")
    decided = len(list(KafkaLog(worker.broker).read("decisions", 0)))
    with pytest.raises(CommandFailed):
        run("payouts", "import-status", str(told))
    assert len(list(KafkaLog(worker.broker).read("decisions", 0))) == decided

    table = tmp_path / "paypal.csv"
    table.write_text(
        "Unique ID,Status,Amount,Currency,Reason\n"
        "r1-zoe,Completed,7.00,eur,\nr1-omar,Failed,10.00,EUR,blocked\n"
    )
    done = ask("payouts", "import-status", str(table), "--column", "payout=Unique ID")
    assert done["counts"] == {"settled": 1, "failed": 1}


def test_a_run_killed_in_the_middle_is_completed_by_two_at_once(worker: Settings) -> None:
    partners = [f"p{number}" for number in range(150)]
    with deciding(worker) as ledger:
        known = found_program(ledger, partners)
    sell(worker, known, dict.fromkeys(partners, 10_000))
    with deciding(worker) as ledger:
        with started(worker, "cli.main", *START) as killed:
            wait_until(lambda: len(ledger.payout_ids()) > 5, "it has begun")
            killed.process.kill()
            killed.process.wait()
        assert len(ledger.payout_ids()) < len(partners), "it was killed too late to tell"
        with started(worker, "cli.main", *START) as one, started(worker, "cli.main", *START) as two:
            assert (one.process.wait(60), two.process.wait(60)) == (0, 0), one.said()
        payouts = ledger.payouts_of("r1")
    assert sorted(one.partner for one in payouts) == sorted(partners)
    assert {(one.status, one.amount) for one in payouts} == {("funded", 1_000)}
    proof = ask("audit", "run", "r1")["proof"]
    assert (proof["statuses"], proof["amount"]) == ({"funded": 150}, 150_000)
