"""Payment files: exact to the minor unit, valid by their schemas, safe in spreadsheets."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from cli.payments.orders import END_TO_END, Order, minor, reference_of
from cli.payments.pain001 import VERSIONS, NotValid, pain001, read_back, sepa_text
from cli.payments.tables import TABLES
from cli.payments.tables import read_back as table_back
from events.decisions import PartnerPayeeSet, ProgramPayerSet

PAYER = ProgramPayerSet("acme", "Acme & Söhne", "DE75512108001245126199", "SOGEDEFF")
LONG = "2026-11-" + "p" * 56


def order(payout: str, amount: int, currency: str = "EUR", **payee: Any) -> Order:
    details: dict[str, Any] = {"method": "bank", "name": "Jané <Doe>", "iban": PAYER.iban} | payee
    of = PartnerPayeeSet(payout, **details)
    return Order(payout, payout, reference_of(payout), of, amount, currency)


def bank_file(orders: list[Order], version: str = "03") -> bytes:
    return pain001(
        orders,
        PAYER,
        message="r1-1",
        created=datetime(2026, 11, 23, 12, tzinfo=UTC),
        execute=date(2026, 11, 24),
        remittance="acme r1",
        version=version,
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("currency", "amounts", "texts", "total"),
    [
        ("EUR", (5, 123_456), ("0.05", "1234.56"), "1234.61"),
        ("USD", (100, 1), ("1.00", "0.01"), "1.01"),
        ("JPY", (5, 123_456), ("5", "123456"), "123461"),
        ("KWD", (5, 123_456), ("0.005", "123.456"), "123.461"),
    ],
)
def test_a_bank_file_is_valid_and_exact(
    version: str, currency: str, amounts: tuple[int, int], texts: tuple[str, str], total: str
) -> None:
    orders = [order("p1", amounts[0], currency), order("p2", amounts[1], currency, bic="SOGEDEFF")]
    made = bank_file(orders, version)  # raises where its schema refuses it
    assert read_back(made) == [("p1", texts[0], currency), ("p2", texts[1], currency)]
    tree = fromstring(made)
    assert tree.tag == f"{{urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}}}Document"
    assert {one.text for one in tree.iter() if one.tag.endswith("}CtrlSum")} == {total}
    assert {one.text for one in tree.iter() if one.tag.endswith("}NbOfTxs")} == {"2"}
    assert tree.findtext(".//{*}PmtInf/{*}BtchBookg") == "true"
    is_sepa = tree.findtext(".//{*}SvcLvl/{*}Cd") == "SEPA"
    assert is_sepa == (currency == "EUR")
    assert tree.findtext(".//{*}ChrgBr") == ("SLEV" if is_sepa else "SHAR")
    assert tree.findtext(".//{*}Cdtr/{*}Nm") == "Jane  Doe"
    assert tree.findtext(".//{*}Dbtr/{*}Nm") == "Acme + Sohne"


def test_the_same_payments_make_the_same_bytes() -> None:
    assert bank_file([order("p1", 5)]) == bank_file([order("p1", 5)])


def test_what_the_schema_refuses_never_leaves() -> None:
    with pytest.raises(NotValid, match="IBAN"):
        bank_file([order("p1", 5, iban="not an account")])


def test_long_ids_are_shortened_the_same_way_every_time() -> None:
    assert reference_of("r1-jane") == "r1-jane"
    assert reference_of("p" * END_TO_END) == "p" * END_TO_END
    short = reference_of(LONG)
    assert len(short) == END_TO_END and short == reference_of(LONG)
    assert short != reference_of(LONG[:-1] + "q")
    assert "_" not in reference_of("r1-jane_doe") != reference_of("r1-jane-doe")
    assert read_back(bank_file([order(LONG, 5)])) == [(short, "0.05", "EUR")]


@pytest.mark.parametrize("shape", sorted(TABLES))
def test_tables_hold_what_is_paid_and_no_formula(shape: str) -> None:
    evil = '=HYPERLINK("x")'
    orders = [
        order("p1", 1_250, name=evil, email="@evil.example"),
        order("p2", 5, name='-1+1, "x"\n', email="b@example.com", iban=""),
    ]
    made = TABLES[shape](orders, "+acme r1")
    assert table_back(made, shape) == [("p1", "12.50", "EUR"), ("p2", "0.05", "EUR")]
    cells = [cell for line in csv.reader(io.StringIO(made.decode(), newline="")) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert any(cell == f"'{evil}" or cell == "'@evil.example" for cell in cells)
    assert made.endswith(b"\r\n")


def test_amounts_are_read_as_they_are_written() -> None:
    assert minor("12.50", "EUR") == 1_250
    assert minor("12.5", "EUR") == 1_250
    assert minor("12.505", "EUR") is None
    assert minor("1250", "JPY") == 1_250
    assert minor("1.250", "KWD") == 1_250
    assert minor("twelve", "EUR") is None
    assert minor("NaN", "EUR") is None


def test_names_in_the_alphabet_of_banks() -> None:
    assert sepa_text("Müller & Co; ǅ <b>") == "Muller + Co  Dz  b"
