"""Every conversion that has to do with a partner is told, once, with what became of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.account_proof.log_evidence import LogEvidence
from audit.account_proof.payout import prove_payout_of
from audit.completeness import Completeness, UnknownPartner, prove_completeness
from audit.difference import AuditFailed
from audit.payout import prove_payout
from events.codec import encode
from events.conversions import Deal
from events.position import Position
from tests.audit import tampering
from tests.audit.memory import NOON, MemoryLedger
from tests.audit.rewards_scene import rewarded
from tests.audit.scene import KEYS, paid, tell
from tests.audit.tampering import Way
from tests.audit.test_honest_histories import restarts
from tests.audit.test_honest_rewards import PARTNERS, RewardedHistory, operations


def completeness(ledger: MemoryLedger, partner: str = "jane", program: str = "") -> Completeness:
    return prove_completeness(ledger.log, partner, KEYS, program=program, patience=0)


def sums(found: Completeness) -> dict[tuple[str, str], tuple[int, dict[str, int]]]:
    return {(s.became, s.reason): (s.conversions, s.amounts) for s in found.summary.sums}


def test_what_became_of_janes_conversions() -> None:
    found = completeness(paid(MemoryLedger()))
    assert sums(found) == {
        ("posted", ""): (20, {"EUR": 4009}),
        ("refund", ""): (2, {"EUR": -100}),
        ("refused", "duplicate"): (10, {}),
    }
    assert found.summary.conversions == 32
    assert found.summary.named == 10  # the signups bring the click; the deals follow from them
    assert found.summary.other_entries == {
        "payout_funded": 1,
        "payout_refused": 1,
        "payout_sent": 1,
        "payout_settled": 1,
    }


def test_what_became_of_rewards() -> None:
    """omar sold; one deal was given to somebody else by a person, one waits for one."""
    found = completeness(rewarded(MemoryLedger()), "omar")
    assert sums(found) == {
        ("posted", ""): (8, {"USD": 10_531, "acme:points": 66_033}),
        ("held", "duplicate_customer"): (1, {"USD": 487, "acme:points": 4_500}),
        ("refund", ""): (2, {"USD": -114, "acme:points": -1_050}),
        ("withdrawn", ""): (1, {"USD": -1_385, "acme:points": -12_806}),
        ("another's", ""): (1, {}),
    }
    [other] = [told for told in found.told if told.became == "another's"]
    assert other.reason == "credited to kim"
    assert other.entries == ()


def test_a_conversion_that_names_the_partner_and_earns_nothing_is_told_with_the_reason() -> None:
    ledger = MemoryLedger()
    paid(ledger)
    known = ledger.known
    named = Deal("acme", "new", "n1", "dn1", 500, "EUR", NOON, known, partner="jane")
    ledger.convert(named)
    ledger.convert(Deal("acme", "poor", "n2", "dn2", 500, "EUR", NOON, known, coupon_code="JANE"))
    at = ledger.log.append("conversions", "acme/odd", b'{"partner":"jane", broken', ledger.now)
    wrong = encode(Deal("acme", "misled", "n3", "dn3", 5, "EUR", NOON, known, partner="jane"))
    misplaced = ledger.log.append("conversions", "acme/elsewhere", wrong, ledger.now)
    ledger.process()
    told = {one.conversion: one for one in completeness(ledger).told}
    by_event = {one.event_id: one for one in told.values()}
    assert (by_event["n1"].named_by, by_event["n1"].became) == ("partner", "posted")
    assert (by_event["n2"].became, by_event["n2"].reason) == ("refused", "unknown_coupon")
    for place in (at, misplaced):
        odd = told[str(place)]
        assert odd.became == "refused"
        assert odd.reason.startswith("unreadable: ")


def test_one_program_is_told_apart() -> None:
    ledger = paid(MemoryLedger())
    assert completeness(ledger, program="acme").summary == completeness(ledger).summary
    assert completeness(ledger, program="other").told == []


def test_an_unknown_partner_is_said() -> None:
    with pytest.raises(UnknownPartner, match="nobody"):
        completeness(paid(MemoryLedger()), "nobody")


def test_the_audit_of_a_payout_sums_it_up() -> None:
    ledger = paid(MemoryLedger())
    scanned = prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert scanned.told == completeness(ledger).summary
    alone, _ = prove_payout_of(LogEvidence(ledger.log), "po-1", KEYS)
    assert alone.told == scanned.told


@given(
    st.lists(operations, min_size=25, max_size=80),
    st.one_of(st.none(), st.integers(0, 2**32)),
    st.booleans(),
)
def test_nothing_is_passed_over_and_nothing_told_twice(
    life: list[Any], seed: int | None, hasty: bool
) -> None:
    """What the conversions are told to have added, and what no conversion caused, is all that
    is owed; each conversion of a customer stands once; each entry of one is told once."""
    ledger = MemoryLedger(list if seed is None else restarts(seed), hasty=hasty)
    history = RewardedHistory(ledger)
    for operation in life:
        history.happen(*operation)
    ledger.process()
    tell(ledger)
    for partner in PARTNERS:
        found = completeness(ledger, partner)
        places = Counter(one.conversion for one in found.told)
        assert all(times == 1 for times in places.values())
        entries = [entry for entry in ledger.entries() if entry.partner == partner]
        told = {position for one in found.told for position in one.entries}
        owed: Counter[str] = Counter()
        for one in found.told:
            owed.update(one.amounts)
        for entry, position in accepted(ledger, partner):
            if position not in told:
                assert entry.kind not in ("commission", "clawback")
                owed.update({unit: entry.payable(unit) for unit in entry.units()})
        total: Counter[str] = Counter()
        for entry in entries:
            total.update({unit: entry.payable(unit) for unit in entry.units() if entry.legs})
        assert {u: a for u, a in owed.items() if a} == {u: a for u, a in total.items() if a}
        assert found.entries == len(entries)


def accepted(ledger: MemoryLedger, partner: str) -> list[tuple[Any, str]]:
    """(entry, position) of the partner's accepted entries."""
    from projections.posted import accepted as every

    return [
        (posted.entry, str(Position("journal", posted.partition, posted.offset)))
        for partition in range(ledger.log.partitions("journal"))
        for posted in every(ledger.log.read("journal", partition))
        if posted.entry.partner == partner
    ]


ABOUT_THE_PAYOUT = ("a payout told more than was set aside", "a payout told twice")


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, id=way.name.replace(" ", "-"))
        for way in tampering.WAYS
        if way.concerns_payout and way.name not in ABOUT_THE_PAYOUT
    ],
)
def test_a_tampered_account_is_not_complete(way: Way) -> None:
    ledger = paid(MemoryLedger())
    way.apply(ledger)
    with pytest.raises(AuditFailed) as failed:
        completeness(ledger)
    assert failed.value.difference.kind == way.kind
