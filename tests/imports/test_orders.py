"""Order lists as they come: each file text, and the deals and refused lines it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.imports.deal_map import DealMap, map_of
from cli.imports.deals_csv import OrderReader, UnusableOrder, citing
from cli.imports.order_rows import read_orders
from cli.imports.report import Report
from events.click_token import ClickKeys
from events.conversions import Deal, Refund
from tests.imports.test_deal_map import shape

KEYS = ClickKeys(1, {1: b"a key of the tests"})


def read(
    tmp_path: Path, content: str | bytes, checked: DealMap
) -> tuple[list[Deal | Refund], list[tuple[int, str, str]]]:
    """The conversions of a file, and its refused lines as (line, field, reason)."""
    path = tmp_path / "orders.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    report = Report(str(path), "shop")
    reader = OrderReader(checked, "shop", citing(KEYS))
    found = []
    for order in read_orders(path, checked, report):
        try:
            found.append(reader.conversion(order))
        except UnusableOrder as bad:
            report.reject(order.line, bad.field, str(bad))
    return found, [(entry.line, entry.field, entry.reason) for entry in report.rejected]


def orders(**changes: dict[str, Any]) -> DealMap:
    return map_of(shape(**changes), "orders.toml")


LINES = """Order,Date,Total,Currency,Customer
A1,2025-03-01T10:00:00Z,10.00,GBP,ann
A2,2025-03-01T11:00:00Z,5.5,GBP,bob
A1,2025-03-01T10:00:00Z,2.34,GBP,ann
"""


def test_lines_of_one_order_are_added_up_wherever_they_stand(tmp_path: Path) -> None:
    [first, second], rejected = read(tmp_path, LINES, orders())
    assert (first.amount, second.amount, rejected) == (1234, 550, [])
    assert isinstance(first, Deal)
    assert (first.event_id, first.deal, first.customer) == ("orders:A1", "A1", "ann")
    assert first.occurred_at == 1_740_823_200_000


def test_continental_numbers_another_delimiter_and_encoding(tmp_path: Path) -> None:
    checked = orders(
        file={
            "delimiter": ";",
            "decimal": ",",
            "thousands": ".",
            "encoding": "cp1252",
            "date_format": "%d.%m.%Y",
            "timezone": "Europe/Berlin",
        }
    )
    text = "Order;Date;Total;Currency;Customer\nA1;02.03.2025;1.234,56;eur;Jürgen\n"
    [deal], rejected = read(tmp_path, text.encode("cp1252"), checked)
    assert rejected == []
    assert (deal.amount, deal.currency, deal.customer) == (123_456, "EUR", "Jürgen")
    assert deal.occurred_at == 1_740_870_000_000  # midnight in Berlin is 23:00 UTC the day before


def test_a_point_in_a_number_with_decimal_commas_is_refused(tmp_path: Path) -> None:
    checked = orders(file={"delimiter": ";", "decimal": ",", "numbers": ["Total"]})
    text = "Order;Date;Total;Currency;Customer\nA1;2025-03-02;12.34;EUR;ann\n"
    found, [(line, field, reason)] = read(tmp_path, text, checked)
    assert (found, line, field) == ([], 2, "Total")
    assert "expected a number such as 1234,56" in reason


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("A3,yesterday,1.00,GBP,ann", "deal.occurred_at", "expected a date like iso"),
        ("A3,2999-01-01,1.00,GBP,ann", "deal.occurred_at", "lies in the future"),
        ("A3,2025-03-01,a lot,GBP,ann", "deal.amount", "expected a number"),
        ("A3,2025-03-01,1.005,GBP,ann", "deal.amount", "finer than the minor unit"),
        ("A3,2025-03-01,1.5,JPY,ann", "deal.amount", "finer than the minor unit"),
        ("A3,2025-03-01,-1.00,GBP,ann", "deal.amount", "refund.when"),
        ("A3,2025-03-01,1.00,QQQ,ann", "deal.currency", "expected ISO 4217"),
        ("A3,2025-03-01,1.00,GBP,", "deal.customer", "otherwise"),
        (",2025-03-01,1.00,GBP,ann", "deal.id", "empty"),
        ("A3,2025-03-01,1.00,GBP", "line", "4 fields; the header has 5"),
    ],
)
def test_a_line_that_cannot_be_used_is_listed_and_the_rest_goes_in(
    tmp_path: Path, row: str, field: str, reason: str
) -> None:
    found, rejected = read(tmp_path, LINES + row + "\n", orders())
    assert [conversion.amount for conversion in found] == [1234, 550]
    assert [entry[:2] for entry in rejected] == [(5, field)]
    assert reason in rejected[0][2]


def test_an_order_with_a_broken_line_is_left_out_whole(tmp_path: Path) -> None:
    checked = orders(file={"numbers": ["Total"]})
    text = LINES + "A1,2025-03-01T10:00:00Z,?,GBP,ann\n"
    found, rejected = read(tmp_path, text, checked)
    assert [conversion.event_id for conversion in found] == ["orders:A2"]
    assert sorted(entry[0] for entry in rejected) == [2, 4, 5]


def test_bytes_of_another_encoding_are_listed_by_line_and_column(tmp_path: Path) -> None:
    text = LINES.encode() + "A3,2025-03-01,1.00,GBP,Jürgen\n".encode("cp1252")
    found, [(line, field, reason)] = read(tmp_path, text, orders())
    assert (len(found), line, field) == (2, 5, "Customer")
    assert "set file.encoding" in reason


def test_lines_of_one_order_that_disagree_are_refused(tmp_path: Path) -> None:
    text = LINES + "A2,2025-03-01T11:00:00Z,1.00,GBP,carol\n"
    found, [(line, field, reason)] = read(tmp_path, text, orders())
    assert (len(found), line, field) == (1, 3, "deal.customer")
    assert "'bob' and 'carol'" in reason


def test_a_customer_named_on_the_first_line_only(tmp_path: Path) -> None:
    text = LINES + "A2,2025-03-01T11:00:00Z,1.00,,\n"
    found, rejected = read(tmp_path, text, orders())
    assert ([deal.amount for deal in found], rejected) == ([1234, 650], [])


REFUNDS = {"refund": {"when": "Kind == 'refund'", "deal": "Of", "reason": "Why"}}


def test_refunds_turn_the_sign_and_cite_their_deal(tmp_path: Path) -> None:
    text = (
        "Order,Date,Total,Currency,Customer,Kind,Of,Why\n"
        "A1,2025-03-01,10.00,GBP,ann,sale,,\n"
        "R1,2025-03-05,-4.00,GBP,ann,refund,A1,damaged\n"
        "R2,2025-03-05,4.00,GBP,ann,refund,A1,\n"
    )
    [deal, refund], rejected = read(tmp_path, text, orders(**REFUNDS))
    assert isinstance(deal, Deal)
    assert isinstance(refund, Refund)
    assert (refund.amount, refund.deal, refund.reason) == (400, "A1", "damaged")
    assert [entry[:2] for entry in rejected] == [(4, "refund.when")]


def test_minor_units_items_partner_coupon_click_and_renewal(tmp_path: Path) -> None:
    token = KEYS.sign("jane-blog", 1_740_000_000_000)
    checked = orders(
        deal={
            "unit": "minor",
            "product": "Sku",
            "quantity": "Qty",
            "partner": {"expr": "slug(Shop)"},
            "coupon": "Code",
            "click": "Click",
            "kind": {"expr": "'renewal' if Kind == 'R' else 'sale'"},
            "tax": "Tax",
        }
    )
    text = (
        "Order,Date,Total,Currency,Customer,Sku,Qty,Shop,Code,Click,Kind,Tax\n"
        f"A1,2025-03-01,1000,GBP,ann,X,2,Jane's Shop,jane10,{token},R,200\n"
        f"A1,2025-03-01,500,GBP,ann,Y,1,Jane's Shop,jane10,{token},R,100\n"
        "A2,2025-03-01,5,GBP,bob,Y,1,Jane's Shop,,nonsense,S,0\n"
    )
    [deal, other], rejected = read(tmp_path, text, checked)
    assert rejected == []
    assert isinstance(deal, Deal)
    assert isinstance(other, Deal)
    assert (deal.amount, deal.tax, deal.quantity, deal.kind) == (1500, 300, 3, "renewal")
    assert (deal.partner, deal.coupon_code) == ("jane-s-shop", "JANE10")
    assert [(item.product, item.quantity, item.amount) for item in deal.items] == [
        ("X", 2, 1000),
        ("Y", 1, 500),
    ]
    assert deal.click is not None
    assert (deal.click.link, deal.click.problem) == ("jane-blog", "")
    assert other.click is not None
    assert other.click.problem == "malformed"


def test_rounding_only_where_the_map_allows_it(tmp_path: Path) -> None:
    checked = orders(deal={"rounding": "half_away_from_zero"})
    text = LINES + "A3,2025-03-01,1.005,GBP,ann\nA4,2025-03-01,1.015,GBP,ann\n"
    found, rejected = read(tmp_path, text, checked)
    assert rejected == []
    assert [conversion.amount for conversion in found] == [1234, 550, 101, 102]


def test_country_and_identity_come_along_and_an_unknown_country_is_refused(tmp_path: Path) -> None:
    content = """Order,Date,Total,Currency,Customer,Land,Mail
A1,2025-03-01T10:00:00Z,10.00,GBP,ann,de,hash-1
A2,2025-03-01T11:00:00Z,5.5,GBP,bob,UK,hash-2
A3,2025-03-01T11:00:00Z,5.5,GBP,bob,,
"""
    checked = orders(deal={"country": "Land", "identity": "Mail"})
    found, rejected = read(tmp_path, content, checked)
    assert [(one.country, one.identity) for one in found if isinstance(one, Deal)] == [
        ("DE", "hash-1"),
        ("", ""),
    ]
    assert rejected == [(3, "deal.country", "'UK': expected ISO 3166-1 alpha-2, such as DE or GB")]


def test_json_lines_are_orders_too(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text(
        '{"Order": "A1", "Date": "2025-03-01T10:00:00Z", "Total": 10.10, "Who": {"id": 7}}\n\n'
        '{"Order": "A1", "Date": "2025-03-01T10:00:00Z", "Total": 0.2, "Who": {"id": 7}}\n'
        '{"Order": "A2", "Date": null, "Total": "5", "Currency": "EUR", "New": true}\n'
        '[1]\n{"Order": \n'
    )
    deal = {
        **shape()["deal"],
        "customer": {"expr": "'c-' + row['Who.id']"},
        "currency": {"column": "Currency", "otherwise": "'GBP'"},
    }
    checked = map_of({**shape(), "deal": deal}, "orders.toml")
    report = Report(str(path), "shop")
    reader = OrderReader(checked, "shop", citing(KEYS))
    first, second = read_orders(path, checked, report)
    found = reader.conversion(first)
    assert (found.amount, found.currency, found.customer) == (1030, "GBP", "c-7")
    assert [row.line for row in first.rows] == [1, 3]
    with pytest.raises(UnusableOrder, match="expected a date"):
        reader.conversion(second)
    assert [(one.line, one.reason[:12]) for one in report.rejected] == [
        (5, "expected an "),
        (6, "not JSON: Ex"),
    ]
