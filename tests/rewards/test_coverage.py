"""No rule and no pair that interacts is without a row, and there are enough of them."""

from __future__ import annotations

import pytest

from tests.rewards.statement import rows

ROWS = rows()
LEAST = 150

RULES = (
    *("affiliate", "referral", "reseller", "registered deal", "recurring", "retention"),
    *("product", "category", "country", "new customer", "returning customer", "purchase"),
    *("amount", "method", "coupon", "coupon: a rate", "individual terms", "agreement"),
    *(
        f"tiers {apply}: {period} {measure}"
        for apply in ("onward", "retroactive")
        for period in ("lifetime", "month", "quarter", "year")
        for measure in ("amount", "count")
    ),
    *("bonus: by lifetime", "bonus: once a month", "bonus: once a quarter", "bonus: once a year"),
    *("contest", "adjustment", "override", "override: two levels"),
    *("split first", "split last", "split linear", "split position"),
    *("cap deal", "cap partner: lifetime", "cap partner: month", "cap partner: quarter"),
    *("cap partner: year", "minimum", "maximum", "points", "gifts"),
    *("review: a commission held", "review: rejected", "review: adjusted", "review: above"),
    *("review: what is recorded too late", "self-referral", "duplicate customer"),
    *("currency: a deal in dollars", "in yen", "dinars", "rate the other way", "crossed"),
    *("payout minimum", "payout fee", "payout withholding", "payout two persons"),
    *("payout failed", "payout returned", "assign"),
)

PAIRS = (
    *("tier × refund", "cap × split", "hold × payout", "override × clawback"),
    *("retroactive tier × partial refund", "rate change × renewal", "currency × partial refund"),
    *("bonus × refund", "split × refund", "cap × refund", "points × refund", "review × payout"),
    *("reassign × partial refund", "withholding × returned", "hold × refund", "minimum × refund"),
    *("split × tiers", "currency × cap", "currency × bonus", "currency × split"),
    *("review × bonus", "review × retroactive tier", "reassign × override", "bonus × split"),
    *("agreement × split", "individual terms × refund", "payout × currency"),
)


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= LEAST
    titles = [(row.file, row.title) for row in ROWS]
    assert len(set(titles)) == len(titles), "two rows have one title"


@pytest.mark.parametrize("rule", RULES + PAIRS)
def test_a_row_names(rule: str) -> None:
    assert any(row.title.startswith(rule) or f" {rule}" in row.title for row in ROWS)


def test_every_row_expects_something() -> None:
    for row in ROWS:
        assert any("->" in text for _, text in row.lines), row.title
