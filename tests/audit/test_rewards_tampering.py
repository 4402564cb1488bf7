"""What engine 2 rests on cannot be changed either: the replay names each way, and so does the
proof of the payout that it concerns."""

from __future__ import annotations

import pytest

from audit.difference import AuditFailed
from audit.payout import prove_payout
from tests.audit.memory import MemoryLedger
from tests.audit.rewards_scene import kinds, rewarded
from tests.audit.rewards_tampering import WAYS
from tests.audit.scene import KEYS, replayed
from tests.audit.tampering import Way


def test_the_ledger_is_verified_before_it_is_tampered_with() -> None:
    ledger = rewarded(MemoryLedger())
    report = replayed(ledger.log)
    assert report.differences == []
    assert {unit: sum(sums.values()) for unit, sums in report.trial_balance.items()} == {
        "EUR": 0,
        "USD": 0,
        "acme:points": 0,
    }
    assert set(kinds(ledger)) >= {"held", "released", "rejected", "adjusted", "award", "clawback"}
    proof = prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert (proof.status, proof.amount) == ("returned", 15_184)


@pytest.mark.parametrize("way", WAYS, ids=[way.name.replace(" ", "-") for way in WAYS])
def test_the_replay_names_what_was_done(way: Way) -> None:
    ledger = rewarded(MemoryLedger())
    way.apply(ledger)
    report = replayed(ledger.log)
    assert not report.verified
    said = "\n".join(f"{found.position}: {found.detail}" for found in report.differences)
    named = {(found.kind, found.position) for found in report.differences}
    assert named == way.expected(rewarded(MemoryLedger()), ledger), said
    assert way.says in said


@pytest.mark.parametrize(
    "way",
    [way for way in WAYS if way.concerns_payout],
    ids=[way.name.replace(" ", "-") for way in WAYS if way.concerns_payout],
)
def test_the_payouts_own_audit_fails(way: Way) -> None:
    ledger = rewarded(MemoryLedger())
    way.apply(ledger)
    with pytest.raises(AuditFailed) as failed:
        prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert failed.value.difference.position
