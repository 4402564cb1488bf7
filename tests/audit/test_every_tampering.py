"""Every way to tamper with a log is caught, by the replay and by the payout's own audit."""

from __future__ import annotations

import pytest

from audit.difference import AuditFailed
from audit.payout import prove_payout
from tests.audit.memory import MemoryLedger
from tests.audit.scene import KEYS, paid, replayed
from tests.audit.tampering import WAYS, Way


def test_the_ledger_is_verified_before_it_is_tampered_with() -> None:
    ledger = paid(MemoryLedger())
    assert replayed(ledger.log).differences == []
    assert prove_payout(ledger.log, "po-1", KEYS, patience=0).status == "settled"
    assert prove_payout(ledger.log, "po-2", KEYS, patience=0).status == "refused"


@pytest.mark.parametrize("way", WAYS, ids=[way.name.replace(" ", "-") for way in WAYS])
def test_the_replay_names_what_was_done(way: Way) -> None:
    ledger = paid(MemoryLedger())
    way.apply(ledger)
    report = replayed(ledger.log)
    assert not report.verified
    said = "\n".join(f"{found.position}: {found.detail}" for found in report.differences)
    named = {(found.kind, found.position) for found in report.differences}
    assert named == way.expected(paid(MemoryLedger()), ledger), said
    assert way.says in said


@pytest.mark.parametrize(
    "way",
    [way for way in WAYS if way.concerns_payout],
    ids=[way.name.replace(" ", "-") for way in WAYS if way.concerns_payout],
)
def test_the_payouts_own_audit_fails(way: Way) -> None:
    ledger = paid(MemoryLedger())
    way.apply(ledger)
    with pytest.raises(AuditFailed) as failed:
        prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert failed.value.difference.position
