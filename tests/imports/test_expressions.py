"""Expressions are exact, and cannot reach anything but their row."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cli.imports.expressions import Expression, ExpressionError, slug

ROW = {
    "Quantity": Decimal(3),
    "UnitPrice": Decimal("2.55"),
    "InvoiceNo": "C536379",
    "Unit Price": "1",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Quantity * UnitPrice", Decimal("7.65")),
        ("UnitPrice * 0.1", Decimal("0.255")),  # as floats: 0.25499999999999995
        ("0.1 + 0.2", Decimal("0.3")),
        ("1 / 4", Decimal("0.25")),
        ("InvoiceNo.startswith('C')", True),
        ("InvoiceNo[0] == 'C' and Quantity > 0", True),
        ("'guest-' + InvoiceNo", "guest-C536379"),
        ('row["Unit Price"] + "x"', "1x"),
        ("slug('United Kingdom')", "united-kingdom"),
        ("'renewal' if Quantity > 5 else 'sale'", "sale"),
    ],
)
def test_values(text: str, value: object) -> None:
    assert Expression(text).value(ROW) == value


@pytest.mark.parametrize(
    "text",
    [
        "1 +",
        "Missing",
        "Quantity / 0",
        "2 ** 0.5",
        "Quantity * 'a'",
        "InvoiceNo.__class__",
        "__import__('os')",
        "[x for x in range(9)]",
        "'a' * 100000000",
    ],
)
def test_what_cannot_be_computed_names_the_expression(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression(text).value(ROW)
    assert text in str(caught.value)


def test_a_number_is_not_text() -> None:
    with pytest.raises(ExpressionError, match="expected a number"):
        Expression("InvoiceNo").number(ROW)


def test_names_are_the_columns_used() -> None:
    assert Expression("slug(InvoiceNo) + row['Unit Price']").names() == {"InvoiceNo", "Unit Price"}


@pytest.mark.parametrize(
    ("text", "name"),
    [("United Kingdom", "united-kingdom"), ("Österreich & Co.", "osterreich-co"), ("—", "")],
)
def test_slug(text: str, name: str) -> None:
    assert slug(text) == name
