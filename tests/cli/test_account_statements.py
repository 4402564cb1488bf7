"""Statement files of banks, as a reconciliation reads them."""

from __future__ import annotations

from datetime import date

import pytest

from audit.reconcile.bank import BankLine
from cli.imports.deal_map import FileShape
from cli.payments.booked import midnight
from cli.payments.camt_statement import NotAStatementFile, camt_statement
from cli.payments.orders import reference_of
from cli.payments.statement_csv import NotABookingList, statement_csv
from cli.reconcile_statement import finding
from tests.cli.bank_files import notification
from tests.cli.statement_files import entry, statement

PAYOUTS = ("po-1", "po-2", "Po-3", "2026-11-" + "p" * 56)
FIND = finding(PAYOUTS)
PLAIN = FileShape("iso")
GERMAN = FileShape("%d.%m.%Y", encoding="cp1252", delimiter=";", decimal=",", thousands=".")


def brief(line: BankLine) -> tuple[str, int | None, str, str]:
    return line.kind, line.amount, line.unit, line.payout


def test_a_statement_with_all_that_stands_in_one() -> None:
    long = reference_of(PAYOUTS[3])
    text = statement(
        [
            entry("DBIT", "12.50", [("po-1", "12.50")]),
            entry("DBIT", "30.75", [("PO-3", "20.00"), (long, "10.00")]),  # a batch and its charge
            entry("CRDT", "12.50", [("po-1", "12.50")], code="AC04"),
            entry("DBIT", "2.00", family="CHRG"),
            entry("DBIT", "100.50", [("po-2", "100.50")], instructed="100.00"),
            entry("DBIT", "700.00", [("rent", "700.00")]),
            entry("CRDT", "50.00", [("gift", "50.00")]),
            entry("DBIT", "9.00"),
        ],
        "2000.00",
        "1207.75",
    )
    file = camt_statement(text.encode(), "s.xml", FIND)
    assert [brief(line) for line in file.lines] == [
        ("paid", 1_250, "EUR", "po-1"),
        ("paid", 2_000, "EUR", "Po-3"),
        ("paid", 1_000, "EUR", PAYOUTS[3]),
        ("fee", 75, "EUR", ""),
        ("returned", 1_250, "EUR", "po-1"),
        ("fee", 200, "EUR", ""),
        ("paid", 10_000, "EUR", "po-2"),
        ("fee", 50, "EUR", ""),
        ("paid", 70_000, "EUR", ""),
        ("other", 5_000, "EUR", ""),
        ("paid", 900, "EUR", ""),
    ]
    assert file.lines[1].where == "s.xml:6, entry 2.1"
    assert text.splitlines()[5].startswith('<Ntry><Amt Ccy="EUR">30.75')
    assert file.lines[4].note == "AC04 closed account number"
    assert file.lines[-1].note == "an entry without its transactions"
    assert {line.at for line in file.lines} == {midnight(date(2026, 11, 24))}
    assert file.period() == (midnight(date(2026, 11, 1)), midnight(date(2026, 12, 1)))
    [balance] = file.balances
    assert balance.is_whole, balance
    cut = camt_statement(statement([], "2000.00", "1999.99").encode(), "s.xml", FIND)
    assert not cut.balances[0].is_whole


def test_a_notification_is_read_too() -> None:
    lines = [("DBIT", "po-1", "12.35", "EUR", ""), ("CRDT", "po-1", "12.35", "EUR", "AC04")]
    for version in ("02", "04", "08"):
        file = camt_statement(notification(version, lines).encode(), "n.xml", FIND)
        assert [brief(line) for line in file.lines] == [
            ("paid", 1_235, "EUR", "po-1"),
            ("returned", 1_235, "EUR", "po-1"),
        ]
        day = midnight(date(2026, 11, 24))
        assert file.period() == (day, day + 86_400_000)
        pending = notification(version, lines, status="PDNG")
        assert camt_statement(pending.encode(), "n.xml", FIND).lines == []


def test_what_is_no_statement_is_said_to_be_none() -> None:
    for content, expected in (
        (b"<a/>", "expected camt.053.001 or camt.054.001"),
        (statement([]).encode()[:-9], "not a camt.053.001.08"),
        (statement([]).replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1).encode(), "not a camt"),
    ):
        with pytest.raises(NotAStatementFile, match=expected):
            camt_statement(content, "s.xml", FIND)


def test_a_list_by_the_sign_of_its_amounts() -> None:
    text = (
        "Tag;Zweck;Betrag;Gebühr\r\n"
        "24.11.2026;Auszahlung PO-1/November;-1.012,50;0,20\r\n"
        "25.11.2026;Rückbuchung po-1;1.012,50;\r\n"
        "26.11.2026;Miete;-700,00;\r\n"
        "26.11.2026;Zinsen;3,00;\r\n"
    )
    columns = {"payout": "Zweck", "amount": "Betrag", "date": "Tag", "fee": "Gebühr"}
    file = statement_csv(text.encode("cp1252"), "k.csv", columns, FIND, GERMAN, "EUR")
    assert [brief(line) for line in file.lines] == [
        ("paid", 101_250, "EUR", "po-1"),
        ("fee", 20, "EUR", ""),
        ("returned", 101_250, "EUR", "po-1"),
        ("paid", 70_000, "EUR", ""),
        ("other", 300, "EUR", ""),
    ]
    assert file.lines[2].where == "k.csv:3"
    assert file.period() == (midnight(date(2026, 11, 24)), midnight(date(2026, 11, 27)))


def test_a_list_by_its_status() -> None:
    text = (
        "payout,status,amount,currency\npo-1,paid,12.50,EUR\npo-2,returned,8,usd\nx,pending,1,EUR\n"
    )
    file = statement_csv(text.encode(), "t.csv", {}, FIND, PLAIN)
    assert [brief(line) for line in file.lines] == [
        ("paid", 1_250, "EUR", "po-1"),
        ("returned", 800, "USD", "po-2"),
        ("waiting", 100, "EUR", ""),
    ]
    assert file.period() is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("payout\n", "no column amount, currency; it has payout"),
        ("payout,amount,currency\npo-1,1,50,EUR\npo-1,x,EUR\n", "t.csv:3: amount: 'x': expected"),
        ("payout,amount,currency\npo-1,1.005,EUR\n", "t.csv:2: amount: 1.005 EUR is finer"),
        ("payout,amount,currency,status\npo-1,1,EUR,maybe\n", "t.csv:2: status 'maybe'"),
        ("payout,amount,currency,date\npo-1,1,EUR,soon\n", "t.csv:2: date 'soon': expected ISO"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(text: str, expected: str) -> None:
    with pytest.raises(NotABookingList, match=expected):
        statement_csv(text.encode(), "t.csv", {}, FIND, PLAIN)
