"""A bundle goes out and comes back: verified elsewhere, byte for byte the same, as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from string import ascii_uppercase

import msgspec
import pytest

from audit.bundle.format import Scope
from audit.bundle.verify import verify_file, verify_members
from audit.difference import AuditFailed
from audit.notes import parse_note
from audit.payout import UnknownPayout, prove_payout
from events import decisions as facts
from events import topics
from events.conversions import Deal
from events.decisions import CouponCreated
from tests.audit.bundle.reading import exported, members_in
from tests.audit.memory import NOON, MemoryLedger
from tests.audit.rewards_scene import Decider, rewarded
from tests.audit.scene import KEYS, TERMS, edit, found, paid
from tests.audit.signing_scene import Signing

ALONE = """
import sys, socket

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("confluent_kafka", "faust", "clickhouse_connect", "chdb"):
            raise ImportError(f"{name} must not be loaded")

class NoSocket(socket.socket):
    def __init__(self, *arguments, **named):
        raise OSError("no socket may be opened")

sys.meta_path.insert(0, Nothing())
socket.socket = NoSocket
socket.create_connection = socket.getaddrinfo = NoSocket
sys.argv = ["pledger", "verify", *sys.argv[1:]]
from cli.main import main
main()
"""


def alone(*arguments: str) -> tuple[int, str, str]:
    """Exit status and output of `pledger verify` where nothing but the file can be reached."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *arguments], capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("scope", ["auditor", "partner"])
def test_it_is_verified_where_there_is_no_kafka_no_clickhouse_and_no_network(
    scope: Scope, tmp_path: Path
) -> None:
    file, report = tmp_path / "po-1.zip", tmp_path / "po-1.html"
    file.write_bytes(exported(rewarded(MemoryLedger()), scope)[0])
    code, said, wrong = alone(str(file), "--report", str(report))
    assert code == 0, wrong
    last = said.splitlines()[-1]
    assert last.startswith("verified; 23 steps") if scope == "partner" else last == "verified"
    assert "151.84 EUR to jane (acme): returned" in said
    assert report.read_text().startswith("<!doctype html>")

    code, said, _ = alone(str(file), "--json")
    bundle = msgspec.json.decode(said)["bundle"]
    assert (code, bundle["proof"]["amount"], bundle["scope"]) == (0, 15184, scope)
    assert bool(bundle["not_proved"]) and bool(bundle["rests"]) == (scope == "partner")


@pytest.mark.parametrize("scope", ["auditor", "partner"])
def test_the_same_log_gives_the_same_bytes(scope: Scope) -> None:
    bundle, _ = exported(rewarded(MemoryLedger()), scope)
    assert bundle == exported(rewarded(MemoryLedger()), scope)[0]


def test_it_proves_what_the_audit_of_the_log_proves(tmp_path: Path) -> None:
    ledger = paid(MemoryLedger())
    bundle, verdict = exported(ledger)
    (tmp_path / "po-1.zip").write_bytes(bundle)
    again = verify_file(tmp_path / "po-1.zip")
    assert again == verdict
    proof = prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert again.proof.amount == proof.amount == 1000
    assert again.proof.status == proof.status == "settled"
    assert [one.position for one in again.proof.before] == [one.position for one in proof.before]
    assert [one.click for one in again.account if one.entry.click_id] != []


def test_records_stand_in_it_as_in_the_log() -> None:
    ledger = paid(MemoryLedger())
    lines = members_in(exported(ledger)[0])["records/journal.jsonl"].splitlines()
    for line in map(msgspec.json.decode, lines):
        place = ledger.log.records[topics.JOURNAL, line["partition"]][line["offset"]]
        assert line["value"].encode() == place.value
        assert (line["key"].encode(), line["recorded_at"]) == (place.key, place.recorded_at)


def test_a_partner_sees_its_own_steps_decided_again_and_the_others_named() -> None:
    """Of two partners that share nothing, each one's account is proved whole."""
    verdict = exported(paid(MemoryLedger()), "partner")[1]
    assert verdict.rests == []
    assert verdict.again == {"entry": 26, "instruction": 26, "attribution": 32, "click": 10}
    assert verdict.withheld["decisions"] == 4

    shared = exported(rewarded(MemoryLedger()), "partner")[1]
    entries = {rest.position for rest in shared.rests if rest.step == "entry"}
    assert len(entries) == shared.withheld["journal"] == 12
    assert shared.again["entry"] + len(entries) == len(shared.account) == 35


def test_a_partner_of_two_programs_is_shown_both_and_no_third() -> None:
    ledger = MemoryLedger()
    decide = Decider(ledger)
    for program in ("acme", "bolt", "crux"):
        decide(f"program:{program}", facts.ProgramCreated(program, f"The {program}", "EUR"))
        decide(f"program:{program}", facts.TermsAdded(program, TERMS))
        partner = "omar" if program == "crux" else "jane"
        if program != "bolt":
            decide(f"partner:{partner}", facts.PartnerRegistered(partner, f"{partner} Doe"))
        decide(f"partner:{partner}", facts.PartnerApproved(partner, program))
        for serial in range(3):
            ledger.convert(
                Deal(
                    program, f"{program}-buyer", f"e{serial}", f"{program}-{serial}", 5_000, "EUR",
                    NOON, ledger.known, partner=partner,
                )
            )  # fmt: skip
    ledger.process()
    decide("payout:po-1", facts.PayoutRequested("po-1", "bolt", "jane", "EUR", 0))
    ledger.process()
    bundle, verdict = exported(ledger, "partner")
    assert (verdict.rests, verdict.again["entry"]) == ([], 7)
    assert {one.entry.program for one in verdict.account} == {"acme", "bolt"}
    text = b"".join(members_in(bundle).values())
    assert b"omar" not in text and b"crux" not in text


def test_a_refused_payout_has_a_bundle_and_an_unknown_one_has_none() -> None:
    ledger = paid(MemoryLedger())
    assert exported(ledger, payout="po-2")[1].proof.status == "refused"
    with pytest.raises(UnknownPayout, match="po-9"):
        exported(ledger, payout="po-9")


def test_a_ledger_that_differs_gives_no_bundle() -> None:
    ledger = paid(MemoryLedger())
    edit(ledger.log, found(ledger.log, topics.JOURNAL, '"commission"'), base=1)
    with pytest.raises(AuditFailed, match="journal/"):
        exported(ledger)


def test_members_alone_are_enough() -> None:
    bundle, verdict = exported(paid(MemoryLedger()))
    assert verify_members(members_in(bundle)).bundle == verdict.bundle


def test_short_names_of_others_do_not_break_the_chain_of_keys() -> None:
    """Any short coupon stands somewhere in a key, a root or a signature: by chance."""
    ledger = paid(MemoryLedger())
    for code in ascii_uppercase:
        ledger.decide(f"coupon:acme/{code}", "coupon.created", CouponCreated("acme", code, "omar"))
    ledger.process()
    signing = Signing(ledger)
    for share in (0.3, 0.6, 1.0):
        signing.sign(share)
        signing.rotate()
    signing.sign()
    bundle, verdict = exported(ledger, "partner")
    assert verdict.withheld["decisions"] >= len(ascii_uppercase)
    newest = parse_note(signing.notes[-1])
    again = verify_members(members_in(bundle), signing.private(0).public, newest)
    assert again.checkpoint is not None and again.checkpoint.checkpoint == newest.checkpoint
