"""What people mistype is refused in words, with the option or key; never with a traceback."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from cli.display import print_json
from cli.imports.deal_map import read_map
from cli.imports.deals_csv import OrderReader, UnusableOrder, citing
from cli.imports.order_rows import Order, Row
from cli.reading import BadOption, amount, basis_points
from cli.statements import FAR, period
from cli.terms_file import read_terms
from events.click_token import ClickKeys
from gateway.conversion_input import instant
from gateway.intake import read_one
from gateway.problems import FieldProblem

RULE = """
[[rules]]
name = "sale"
event = "sale"
type = "percentage"
amount = 1000
"""


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "1e9999", "1e999999999", "", "x"])
def test_numbers_nobody_means(text: str) -> None:
    with pytest.raises(BadOption, match="--sale"):
        amount("--sale", text, "EUR")
    with pytest.raises(BadOption, match="--sale"):
        basis_points("--sale", text + "%")


@pytest.mark.parametrize(
    "text", ["5,00", "1,5", "1,0000.00", ",500", "1.000,00", "1e3", "1_000", "１２"]
)
def test_numbers_that_two_people_read_differently(text: str) -> None:
    """`--amount 5,00` must not pay five hundred."""
    with pytest.raises(BadOption, match="expected an amount such as"):
        amount("--amount", text, "EUR")


@pytest.mark.parametrize(
    ("text", "minor"),
    [("5", 500), ("-5.5", -550), ("+1,234.50", 123450), ("1,234,567", 123456700), (" 7.00 ", 700)],
)
def test_amounts_as_people_write_them(text: str, minor: int) -> None:
    assert amount("--amount", text, "EUR") == minor


def test_the_last_month_of_all() -> None:
    assert period("9999-12", "", "")[1] == FAR


def test_a_time_that_ends_before_it_begins() -> None:
    with pytest.raises(BadOption, match="--until '2020-01-01' is not after --since"):
        period("", "2026-01-01", "2020-01-01")


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"x": float("nan"), "y": [float("inf"), 1.5], "é": (1, 2)}])

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    said = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert said == [{"x": None, "y": [None, 1.5], "é": [1, 2]}]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (
            RULE + 'curency = "USD"\n',
            "rules\\[0\\].curency='USD': expected a key that there is; did you mean currency",
        ),
        ('effective_from = "soon"\n' + RULE, "terms.toml: effective_from='soon'"),
        ("holddays = 3\n" + RULE, "holddays"),
        ("rules = 5", "rules"),
        ("rules = [5]", "rules"),
        ("", "rules"),
    ],
)
def test_a_terms_file_names_the_key(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "terms.toml"
    path.write_text(content)
    with pytest.raises(BadOption, match=named):
        read_terms(path)


def test_a_terms_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "terms.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadOption, match=r"terms\.toml"):
        read_terms(path)


def test_an_import_takes_no_amount_that_the_log_cannot_hold() -> None:
    shape = read_map(Path("docs/examples/online_retail.toml"))
    reader = OrderReader(shape, "shop", citing(ClickKeys(1, {1: b"k" * 32})))
    names: dict[str, object] = {
        "InvoiceNo": "1",
        "InvoiceDate": "12-01-2010 08:26",
        "Quantity": Decimal(10**16),
        "UnitPrice": Decimal(2),
        "CustomerID": "17850",
        "Country": "France",
    }
    with pytest.raises(UnusableOrder, match="at most 1000000000000000 minor units") as refused:
        reader.conversion(Order("1", [Row(2, names)]))
    assert refused.value.field == "deal.amount"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"type": "deal", "program": "a", "customer": "c", "amount": 1}', "deal"),
        (b'{"type": "signup", "program": "a", "customer": "c", "clickid": "x"}', "clickid"),
        (
            b'{"type": "deal", "program": "a", "customer": "c", "deal": "d", "amount": 1,'
            b' "items": [{"produkt": "x"}]}',
            "items[0].produkt",
        ),
    ],
)
def test_the_api_names_a_field_that_is_missing_or_unknown(body: bytes, field: str) -> None:
    with pytest.raises(FieldProblem) as refused:
        read_one(body)
    assert refused.value.field in {field, field.replace("produkt", "product")}


def test_the_api_takes_no_time_before_1970() -> None:
    with pytest.raises(FieldProblem, match="lies before 1970"):
        instant("occurred_at", "0001-01-01T00:00:00Z")
