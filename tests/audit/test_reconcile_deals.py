"""Random deals and refunds, an export that says the same of them, and random changes: each is
listed, and nothing else; and the sums are explained to the last minor unit."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.reconcile.conversions import (
    LedgerDeal,
    LedgerRefund,
    Refused,
    Sold,
    take_outcomes,
    take_partition,
)
from audit.reconcile.deals import (
    DealsReport,
    Export,
    ExportedDeal,
    ExportedRefund,
    Unusable,
    reconcile_deals,
)
from events import topics
from events.attributions import Attribution, RefundedDeal
from events.codec import encode
from events.conversions import Deal, Refund, Signup
from events.position import Record


def sold(given_deals: list[tuple[int, int, str]]) -> Sold:
    """Deals of (amount, part refunded in percent, unit)."""
    found = Sold()
    for number, (amount, percent, unit) in enumerate(given_deals):
        name = f"D{number}"
        found.deals.append(LedgerDeal(name, unit, amount, f"c/0/{number}", 1_000, f"e{number}"))
        if percent and amount * percent // 100:
            back = amount * percent // 100
            found.refunds.append(
                LedgerRefund(name, unit, back, f"c/0/r{number}", 1_000, f"map:R{number}")
            )
    return found


def honest(of: Sold, by_event: bool) -> Export:
    """What a shop exports of the same."""
    return Export(
        [ExportedDeal(one.deal, one.unit, one.amount, f"f:{n}") for n, one in enumerate(of.deals)],
        [
            ExportedRefund(one.deal, one.unit, one.amount, f"f:r{n}", one.event_id * by_event)
            for n, one in enumerate(of.refunds)
        ],
    )


def compared(of: Sold, export: Export, starts: int = 0, ends: int = 2_000) -> DealsReport:
    report = reconcile_deals(of, export, starts, ends)
    assert all(one.unexplained == 0 for one in report.sums)
    return report


def kinds(report: DealsReport) -> Counter[tuple[str, str]]:
    return Counter((one.kind, one.subject) for one in report.mismatches)


SOME = st.lists(
    st.tuples(
        st.integers(1, 10**6), st.sampled_from([0, 50, 100]), st.sampled_from(["EUR", "JPY"])
    ),
    max_size=12,
).map(sold)
FATES = st.sampled_from(["", "", "removed", "amount", "currency", "lines twice", "row twice"])


@settings(max_examples=150, deadline=None)
@given(of=SOME, by_event=st.booleans(), draw=st.data())
def test_every_change_is_listed_and_nothing_else(
    of: Sold, by_event: bool, draw: st.DataObject
) -> None:
    export = honest(of, by_event)
    report = compared(of, export)
    assert report.is_equal and report.deals == len(of.deals) and report.refunds == len(of.refunds)
    assert all(one.ours == one.theirs for one in report.sums)

    wanted: Counter[tuple[str, str]] = Counter()
    changed = Export()
    for one in export.deals:
        fate = draw.draw(FATES)
        if fate == "removed":
            wanted["not_there", one.deal] += 1
            continue
        if fate == "amount":
            one = msgspec.structs.replace(one, amount=one.amount + 1, lines=3)
            wanted["amount", one.deal] += 1
        if fate == "currency":
            one = msgspec.structs.replace(one, unit="CHF")
            wanted["currency", one.deal] += 2
        if fate == "lines twice":  # the shop's file holds each line of it two times
            one = msgspec.structs.replace(one, amount=2 * one.amount, lines=2)
            wanted["twice_there", one.deal] += 1
        changed.deals.append(one)
        if fate == "row twice":
            changed.deals.append(msgspec.structs.replace(one, where=f"{one.where}b"))
            wanted["twice_there", one.deal] += 1
    for refund in export.refunds:
        fate = draw.draw(st.sampled_from(["", "removed", "amount"]))
        if fate == "removed":
            wanted["refund_not_there", refund.deal] += 1
            continue
        if fate == "amount":
            refund = msgspec.structs.replace(refund, amount=refund.amount + 7)
            wanted["refund", refund.deal] += 1
        changed.refunds.append(refund)
    for number in range(draw.draw(st.integers(0, 3), "strangers")):
        changed.deals.append(ExportedDeal(f"X{number}", "EUR", 5, "f:x"))
        wanted["not_here", f"X{number}"] += 1
        changed.refunds.append(ExportedRefund(f"X{number}", "EUR", 3, "f:x"))
        wanted["refund_not_here", f"X{number}"] += 1
    assert kinds(compared(of, changed)) == wanted


@settings(max_examples=60, deadline=None)
@given(of=SOME, by_event=st.booleans(), draw=st.data())
def test_what_is_removed_or_altered_in_the_ledger_is_listed(
    of: Sold, by_event: bool, draw: st.DataObject
) -> None:
    export = honest(of, by_event)
    wanted: Counter[tuple[str, str]] = Counter()
    kept = Sold()
    for one in of.deals:
        fate = draw.draw(st.sampled_from(["", "", "removed", "amount"]))
        if fate == "removed":
            wanted["not_here", one.deal] += 1
            continue
        if fate == "amount":
            one = msgspec.structs.replace(one, amount=one.amount + 1)
            wanted["amount", one.deal] += 1
        kept.deals.append(one)
    for refund in of.refunds:
        if draw.draw(st.booleans()):
            wanted["refund_not_here", refund.deal] += 1
        else:
            kept.refunds.append(refund)
    assert kinds(compared(kept, export)) == wanted


def test_what_the_ledger_refused_is_told_with_its_reason() -> None:
    of = sold([(100, 0, "EUR")])
    of.refused.append(Refused("D9", "map:D9", "conversions/0/9", "conflict: other content"))
    export = honest(of, True)
    export.deals.append(ExportedDeal("D9", "EUR", 50, "f:9"))
    export.refunds.append(ExportedRefund("", "EUR", 20, "f:10", "map:D9"))
    export.unusable.append(Unusable("f:11", "D10", "deal.amount: 'x'"))
    report = compared(of, export)
    assert kinds(report) == {
        ("refused_here", "D9"): 1,
        ("refused_here", "map:D9"): 1,
        ("unreadable", "D10"): 1,
    }
    assert report.mismatches[0].note == "conflict: other content"
    assert report.mismatches[0].ours == "conversions/0/9"


def test_only_what_happened_while_the_export_lasts_is_missing_in_it() -> None:
    of = sold([(100, 50, "EUR")])
    assert kinds(compared(of, Export(), 0, 1_001)).keys() == {
        ("not_there", "D0"),
        ("refund_not_there", "D0"),
    }
    assert compared(of, Export(), 0, 1_000).is_equal
    assert compared(of, Export(), 1_001, 2_000).is_equal


def test_one_deal_of_two_customers_is_recorded_twice() -> None:
    of = sold([(100, 0, "EUR")])
    of.deals.append(LedgerDeal("D0", "EUR", 100, "c/1/7", 1_000, "other"))
    report = compared(of, honest(sold([(100, 0, "EUR")]), True))
    assert kinds(report) == {("twice_here", "D0"): 1}
    assert report.mismatches[0].ours == "c/1/7" and report.mismatches[0].difference == -100


def test_conversions_with_what_became_of_them() -> None:
    def deal(customer: str, event_id: str, amount: int, program: str = "acme") -> Deal:
        return Deal(program, customer, event_id, "D1", amount, "EUR", 7, 0)

    facts = [
        deal("ann", "e1", 100),
        deal("ann", "e1", 100),
        deal("ann", "e1", 101),
        Refund("acme", "ann", "r1", 130, "EUR", 8, 0),
        Refund("acme", "ann", "r2", 10, "EUR", 8, 0, deal="D1"),
        Signup("acme", "ann", "s1", 9, 0),
        deal("ann", "e1", 100, "other"),
        deal("bob", "e2", 55),
        deal("bob", "e2", 55),
    ]
    told = ["credited", "duplicate", "conflict", "refunded", "unmatched", "credited", "credited"]
    parts = (RefundedDeal("D1", 100, "conversions/0/0"),)
    decided = [
        Attribution(
            n, f"conversions/0/{n}", 0, outcome, reason="other content" * (outcome == "conflict"),
            refunded=parts if n == 3 else (),
        )  # type: ignore[arg-type]
        for n, outcome in enumerate(told)
    ]  # fmt: skip
    found: dict[int, Attribution] = {}
    take_outcomes([*logged(topics.ATTRIBUTIONS, decided), *logged("attributions", decided)], found)
    assert len(found) == len(told)
    records = [*logged(topics.CONVERSIONS, facts), Record("conversions", 0, 99, 0, None, b"?")]
    of = Sold()
    take_partition(of, "acme", records, found)
    assert [(one.deal, one.amount, one.outcome) for one in of.deals] == [
        ("D1", 100, "credited"),
        ("D1", 55, "waiting"),
    ]
    assert [(one.deal, one.amount) for one in of.refunds] == [("D1", 100), ("", 30), ("D1", 10)]
    assert [(one.position, one.reason) for one in of.refused] == [
        ("conversions/0/2", "conflict: other content")
    ]
    assert of.waiting == 2


def logged(topic: str, values: list[Attribution] | list[Deal | Refund | Signup]) -> list[Record]:
    return [Record(topic, 0, n, 0, None, encode(value)) for n, value in enumerate(values)]
