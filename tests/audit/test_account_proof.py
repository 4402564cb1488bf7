"""The proof of one account alone accepts what the proof of its whole partition accepts, entry
for entry, and finds what was done to what the account rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.account_proof.evidence import Withheld
from audit.account_proof.log_evidence import LogEvidence
from audit.account_proof.payout import prove_payout_of
from audit.account_proof.prove import prove_account
from audit.accounts import prove_accounts
from audit.difference import AuditFailed
from audit.payout import prove_payout
from events import topics
from events.position import Position, Record
from tests.audit import rewards_tampering, tampering
from tests.audit.memory import MemoryLedger
from tests.audit.rewards_scene import rewarded
from tests.audit.scene import KEYS, paid, tell
from tests.audit.tampering import Way
from tests.audit.test_honest_histories import History, operations, restarts
from tests.audit.test_honest_rewards import PARTNERS, RewardedHistory
from tests.audit.test_honest_rewards import operations as rewards_operations


def same_as_the_whole_proof(ledger: MemoryLedger, partners: tuple[str, ...]) -> None:
    whole = prove_accounts(
        ledger.log,
        lambda decided: frozenset(partners),
        KEYS,
        patience=0,
        progress=lambda records: None,
    )
    for partner in partners:
        alone = prove_account(LogEvidence(ledger.log), partner, KEYS)
        assert [one.proved.entry for one in alone.booked] == [
            one.entry for one in whole.accounts[partner]
        ]
        for one, other in zip(alone.booked, whole.accounts[partner], strict=True):
            assert other.position in one.copies
            assert one.proved.instruction == other.instruction
            assert one.proved.attribution == other.attribution
            assert one.proved.click == other.click


def same_payouts(ledger: MemoryLedger, payouts: Any) -> None:
    for payout in payouts:
        whole = prove_payout(ledger.log, payout, KEYS, patience=0)
        alone, _ = prove_payout_of(LogEvidence(ledger.log), payout, KEYS)
        assert (alone.amount, alone.status, alone.entries) == (
            whole.amount,
            whole.status,
            whole.entries,
        )
        assert [one.entry for one in alone.before] == [one.entry for one in whole.before]
        assert alone.funding.position == whole.funding.position


@given(
    st.lists(operations, min_size=5, max_size=40),
    st.one_of(st.none(), st.integers(0, 2**32)),
    st.booleans(),
)
def test_an_honest_account_is_proved_alone(life: list[Any], seed: int | None, hasty: bool) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    history = History(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    tell(ledger)
    same_as_the_whole_proof(ledger, ("jane", "omar"))
    same_payouts(ledger, history.payouts)


@given(
    st.lists(rewards_operations, min_size=25, max_size=80),
    st.one_of(st.none(), st.integers(0, 2**32)),
    st.booleans(),
)
def test_an_honest_account_of_rewards_is_proved_alone(
    life: list[Any], seed: int | None, hasty: bool
) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    history = RewardedHistory(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    tell(ledger)
    same_as_the_whole_proof(ledger, PARTNERS)
    same_payouts(ledger, history.payouts)


def ways(found: tuple[Way, ...]) -> list[Any]:
    return [
        pytest.param(way, id=way.name.replace(" ", "-")) for way in found if way.concerns_payout
    ]


@pytest.mark.parametrize("way", ways(tampering.WAYS))
def test_what_was_done_to_an_account_is_found(way: Way) -> None:
    ledger = paid(MemoryLedger())
    way.apply(ledger)
    with pytest.raises(AuditFailed) as failed:
        prove_payout_of(LogEvidence(ledger.log), "po-1", KEYS)
    assert failed.value.difference.position


@pytest.mark.parametrize("way", ways(rewards_tampering.WAYS))
def test_what_was_done_to_rewards_is_found(way: Way) -> None:
    ledger = rewarded(MemoryLedger())
    way.apply(ledger)
    with pytest.raises(AuditFailed) as failed:
        prove_payout_of(LogEvidence(ledger.log), "po-1", KEYS)
    assert failed.value.difference.position


class WithoutOmar(LogEvidence):
    """Jane's evidence, as a bundle shows it: of decisions about omar only that they stand there."""

    def decisions(self) -> Iterator[Record | Withheld]:  # type: ignore[override]
        for record in super().decisions():
            if b"omar" in (record.value or b""):
                yield Withheld(record.offset, 1)
            else:
                yield record


def test_decisions_about_others_may_be_withheld() -> None:
    ledger = paid(MemoryLedger())
    proof, account = prove_payout_of(WithoutOmar(ledger.log), "po-1", KEYS)
    assert proof.status == "settled"
    shown = {decision.aggregate for decision in account.decided.decisions}
    assert "partner:jane" in shown
    assert "partner:omar" not in shown


def test_an_entry_may_be_later_than_its_instruction_only_by_an_earlier_one() -> None:
    """A broker whose clock falls stamps an instruction later than those that follow it."""
    ledger = paid(MemoryLedger())
    home = next(p for (t, p), held in ledger.log.records.items() if t == topics.JOURNAL
                and any(record.key == b"jane" for record in held))  # fmt: skip
    first = Position(topics.INSTRUCTIONS, home, 0)
    later = ledger.log.read_one(first).recorded_at + 60_000
    ledger.log.replace(first, recorded_at=later)
    ledger.post()
    assert prove_account(LogEvidence(ledger.log), "jane", KEYS).booked[1].proved.entry.at == later
    ledger.log.replace(first, recorded_at=later - 60_000)
    with pytest.raises(AuditFailed) as failed:
        prove_account(LogEvidence(ledger.log), "jane", KEYS)
    assert "field at" in failed.value.difference.detail
