"""Random payouts, a bank that says the same of them, and random changes: each is listed, and
nothing else; and the sums are explained to the last minor unit."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.reconcile.bank import BankLine, BankReport, reconcile_bank
from audit.reconcile.payouts import LedgerPayout, ledger_payouts
from events import decisions as fact
from events.decisions import FACTS, Decision

STATUSES = ("settled", "returned", "sent", "failed", "funded")
NAMES = {shape: name for name, shape in FACTS.items()}


def payout(number: int, status: str, amount: int = 1_000, unit: str = "EUR") -> LedgerPayout:
    steps = ["requested", "funded", "sent", "settled", "returned"]
    reached = [*steps[:3], "failed"] if status == "failed" else steps[: steps.index(status) + 1]
    return LedgerPayout(
        *(f"po-{number}", "acme", f"p{number}", unit, amount, status),
        at={step: f"decisions/0/{number * 10 + n}" for n, step in enumerate(reached)},
        on={step: 1_000 * n for n, step in enumerate(reached)},
    )


def line(kind: str, of: LedgerPayout, place: int, **changes: object) -> BankLine:
    made = BankLine(
        f"bank.xml:{place}", "bank.xml", kind, of.unit, of.amount, of.payout, of.payout,  # type: ignore[arg-type]
        f"B{place}",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def honest(payouts: list[LedgerPayout]) -> list[BankLine]:
    """What a bank says of payouts that are in order. Some failed ones it never made."""
    lines: list[BankLine] = []
    for number, one in enumerate(payouts):
        made = one.status in ("settled", "returned") or (one.status == "failed" and number % 2)
        if made:
            lines.append(line("paid", one, len(lines)))
        if made and one.status in ("returned", "failed"):
            lines.append(line("returned", one, len(lines)))
    return lines


def compared(payouts: list[LedgerPayout], lines: list[BankLine]) -> BankReport:
    report = reconcile_bank({one.payout: one for one in payouts}, lines)
    assert all(one.unexplained == 0 for one in report.sums)
    return report


def kinds(report: BankReport) -> Counter[tuple[str, str]]:
    return Counter((one.kind, one.subject) for one in report.mismatches)


SOME = st.lists(
    st.tuples(
        st.sampled_from(STATUSES), st.integers(1, 10**6), st.sampled_from(["EUR", "USD", "JPY"])
    ),
    max_size=12,
).map(lambda given: [payout(n, *one) for n, one in enumerate(given)])


@settings(max_examples=150, deadline=None)
@given(payouts=SOME, draw=st.data())
def test_every_change_is_listed_and_nothing_else(
    payouts: list[LedgerPayout], draw: st.DataObject
) -> None:
    lines = honest(payouts)
    report = compared(payouts, lines)
    assert report.is_equal and report.agreed == len(lines)
    assert all(one.ours == one.theirs for one in report.sums)

    by_name = {one.payout: one for one in payouts}
    wanted: Counter[tuple[str, str]] = Counter()
    changed: list[BankLine] = []
    for one in lines:
        of = by_name[one.payout]
        if of.status == "failed":  # a pair of them: changed in the test below
            changed.append(one)
            continue
        is_paid = one.kind == "paid"
        what = draw.draw(st.sampled_from(["", "", "removed", "amount", "currency", "twice"]))
        if what == "removed":
            wanted["not_at_bank" if is_paid else "return_not_at_bank", of.payout] += 1
            continue
        if what == "amount":
            one = msgspec.structs.replace(one, amount=of.amount + draw.draw(st.integers(1, 99)))
            wanted["amount", of.payout] += 1
        if what == "currency":
            one = msgspec.structs.replace(one, unit="CHF")
            wanted["currency", of.payout] += 2  # what is missing of one, and what is of the other
        changed.append(one)
        if what == "twice":
            changed.append(msgspec.structs.replace(one, where=f"{one.where}b"))
            wanted["paid_twice" if is_paid else "returned_twice", of.payout] += 1
    strangers = draw.draw(st.integers(0, 3), "strangers")
    for number in range(strangers):
        stranger = LedgerPayout("", unit="EUR", amount=5 + number)
        changed.append(line("paid", stranger, 100 + number, reference=f"rent-{number}"))
        wanted["not_in_ledger", f"rent-{number}"] += 1
    for name in draw.draw(st.sets(st.sampled_from(sorted(by_name))) if by_name else st.just(set())):
        if by_name[name].status == "sent":
            changed.append(line("paid", by_name[name], 200))
            wanted["not_settled_here", name] += 1
        elif by_name[name].status == "settled":
            changed.append(line("returned", by_name[name], 300))
            wanted["returned_at_bank", name] += 1
    assert kinds(compared(payouts, changed)) == wanted


@settings(max_examples=60, deadline=None)
@given(payouts=SOME, draw=st.data())
def test_what_is_removed_or_altered_in_the_ledger_is_listed(
    payouts: list[LedgerPayout], draw: st.DataObject
) -> None:
    lines = honest(payouts)
    wanted: Counter[tuple[str, str]] = Counter()
    kept: list[LedgerPayout] = []
    for one in payouts:
        fate = draw.draw(st.sampled_from(["", "", "removed", "amount"]))
        booked = Counter(line.kind for line in lines if line.payout == one.payout)
        if fate == "removed":
            wanted["not_in_ledger", one.payout] += booked["paid"]
            wanted["return_not_in_ledger", one.payout] += booked["returned"]
            continue
        if fate == "amount" and one.status in ("settled", "returned"):
            one = msgspec.structs.replace(one, amount=one.amount + 1)
            wanted["amount", one.payout] += booked.total()
        kept.append(one)
    assert kinds(compared(kept, lines)) == +wanted


def test_a_failed_payout() -> None:
    one = payout(1, "failed")
    paid, back = line("paid", one, 1), line("returned", one, 2)
    assert compared([one], []).is_equal
    assert compared([one], [paid, back]).agreed == 2
    assert compared([one], [back]).agreed == 1  # the statement before has the payment
    assert kinds(compared([one], [paid])) == {("failed_here", "po-1"): 1}
    until = reconcile_bank({"po-1": one}, [paid], ends=one.on["failed"])
    assert until.is_equal, "it failed after the statement ended"
    assert kinds(compared([one], [paid, back, back])) == {("returned_twice", "po-1"): 1}


def test_what_a_period_leaves_out_is_not_missing() -> None:
    one = payout(1, "returned")
    settled, returned = one.on["settled"], one.on["returned"]
    ours = {"po-1": one}
    assert kinds(reconcile_bank(ours, [])).keys() == {
        ("not_at_bank", "po-1"),
        ("return_not_at_bank", "po-1"),
    }
    assert kinds(reconcile_bank(ours, [], settled, returned)) == {("not_at_bank", "po-1"): 1}
    assert reconcile_bank(ours, [], returned + 1).is_equal


def test_one_booking_in_two_files_is_one_and_in_one_file_two() -> None:
    one = payout(1, "settled")
    first = line("paid", one, 1)
    other = msgspec.structs.replace(first, where="daily.xml:9", file="daily.xml")
    report = compared([one], [first, other])
    assert report.is_equal and report.repeats == 1
    assert kinds(compared([one], [first, first])) == {("paid_twice", "po-1"): 1}


def test_fees_and_others_stand_beside_the_sums() -> None:
    one = payout(1, "settled", 1_000)
    lines = [
        line("paid", one, 1),
        BankLine("f:2", "f", "fee", "EUR", 35),
        BankLine("f:3", "f", "other", "EUR", -4_000, reference="rent"),
        BankLine("f:4", "f", "waiting", "EUR", 9, "po-1"),
        BankLine("f:5", "f", "paid", "EUR", None, "po-1"),
    ]
    report = compared([one, payout(2, "sent")], lines)
    assert (report.fees, report.other) == ({"EUR": 35}, {"EUR": -4_000})
    assert kinds(report) == {("unreadable", "po-1"): 1}
    assert report.on_the_way == ["po-2"]
    [sums] = report.sums
    assert (sums.ours, sums.theirs) == (1_000, 1_000)


@pytest.mark.parametrize("status", ["settled", "failed", "returned"])
def test_payouts_as_their_decisions_tell_them(status: str) -> None:
    told: list[fact.DecisionFact] = [
        fact.PayoutProposed("po-1", "acme", "jane", "EUR", 0, "ann"),
        fact.PayoutApproved("po-1", "acme", "jane", "EUR", 0, "bob"),
        fact.PayoutFunded("po-1", 700, "journal/0/1"),
        fact.PayoutSent("po-1", "acme", "jane", "wire"),
    ]
    if status != "failed":
        told.append(fact.PayoutSettled("po-1", "acme", "jane", "B1"))
    if status == "returned":
        told.append(fact.PayoutReturned("po-1", "acme", "jane", "closed"))
    if status == "failed":
        told.append(fact.PayoutFailed("po-1", "acme", "jane", "closed"))
    decisions = [
        Decision(n + 1, f"decisions/0/{n}", 50 * n, "payout:po-1", n + 1, NAMES[type(one)],
                 msgspec.json.encode(one))
        for n, one in enumerate(told)
    ]  # fmt: skip
    one = ledger_payouts(decisions)["po-1"]
    assert (one.partner, one.unit, one.amount, one.status) == ("jane", "EUR", 700, status)
    assert one.position == f"decisions/0/{len(told) - 1}"
    assert one.on["funded"] == 100
