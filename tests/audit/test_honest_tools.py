"""No false alarm, whatever the tool: an honest ledger is verified by the replay, whole and in part,
by each payout's, run's, partner's and account's proof, by the index, by every checkpoint that
anybody kept, and by every bundle, where it is taken.

`-m soak` looks at 1,000 ledgers, half of each engine; with `PLEDGER_EXAMPLES` at so many of each,
other ones in every run.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.account_proof.log_evidence import LogEvidence
from audit.account_proof.payout import prove_payout_of
from audit.account_proof.prove import prove_account
from audit.bundle.format import Scope as Whose
from audit.bundle.verify import verify_members
from audit.completeness import prove_completeness
from audit.notes import parse_note
from audit.payout import prove_payout
from audit.run import prove_run
from audit.scope import Scope
from events.terms import Contest, Prize
from tests.audit.bundle.reading import exported, members_in
from tests.audit.honest_life import HonestLife, also, shares
from tests.audit.memory import DAY, NOON, MemoryLedger
from tests.audit.scene import KEYS, replayed
from tests.audit.test_honest_histories import History, operations, restarts
from tests.audit.test_honest_rewards import RewardedHistory
from tests.audit.test_honest_rewards import operations as rewarding
from tests.audit.test_indexed_payout import MemoryIndex, audited
from tests.hypothesis_profile import EXAMPLES

FEW = EXAMPLES or 40
MANY = EXAMPLES or 500
RACE = Contest("race", 0, NOON + DAY, (Prize(2_500), Prize(90, "acme:points")))


class ContestedHistory(RewardedHistory):
    """Its first terms hold a contest."""

    contest = RACE


def lives(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.one_of(of, of, of, also), min_size=30, max_size=80)


seeds = st.one_of(st.none(), st.integers(0, 2**32))
both = (st.booleans(), st.integers(0, 2**32))


def everything_says_verified(
    kind: type[History], life: list[Any], seed: int | None, hasty: bool, chance: int
) -> None:
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    honest = HonestLife(kind(ledger), repeated=seed is not None)
    for operation in life:
        honest.happen(*operation)
    signing = honest.end(shares(random.Random(chance)))
    log = ledger.log

    report = replayed(log)
    assert report.differences == []
    assert report.contradictions == []
    for scope in (Scope(partner="jane"), Scope(program="acme")):
        assert replayed(log, scope).differences == []
    for note in filter(None, signing.notes):
        assert signing.against(note).differences == []
    for partner in ("jane", "omar"):
        prove_account(LogEvidence(log), partner, KEYS)
        prove_completeness(log, partner, KEYS, patience=0)
    for run in sorted(honest.runs):
        prove_run(log, run, KEYS, patience=0)
    for payout in honest.history.payouts:
        proof = prove_payout(log, payout, KEYS, patience=0)
        alone, _ = prove_payout_of(LogEvidence(log), payout, KEYS)
        indexed, how = audited(ledger, MemoryIndex(log), payout)
        assert (how.by, how.faults) == ("index", [])
        said = {(one.status, one.amount, one.entries) for one in (proof, alone, indexed)}
        assert len(said) == 1, said
    newest = next((parse_note(note) for note in reversed(signing.notes) if note), None)
    whoses: tuple[Whose, ...] = ("auditor", "partner")
    for payout in list(honest.history.payouts)[:2]:
        for whose in whoses:
            members = members_in(exported(ledger, whose, payout)[0])
            known = signing.private(0).public if newest else None
            verify_members(members, known, newest)


@settings(max_examples=FEW)
@given(lives(operations), seeds, *both)
def test_a_ledger_of_engine_1(life: list[Any], seed: int | None, hasty: bool, chance: int) -> None:
    everything_says_verified(History, life, seed, hasty, chance)


@settings(max_examples=FEW)
@given(lives(rewarding), seeds, *both)
def test_a_ledger_of_engine_2(life: list[Any], seed: int | None, hasty: bool, chance: int) -> None:
    everything_says_verified(ContestedHistory, life, seed, hasty, chance)


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(max_examples=MANY)
@given(lives(operations), seeds, *both)
def test_many_ledgers_of_engine_1(
    life: list[Any], seed: int | None, hasty: bool, chance: int
) -> None:
    everything_says_verified(History, life, seed, hasty, chance)


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(max_examples=MANY)
@given(lives(rewarding), seeds, *both)
def test_many_ledgers_of_engine_2(
    life: list[Any], seed: int | None, hasty: bool, chance: int
) -> None:
    everything_says_verified(ContestedHistory, life, seed, hasty, chance)
