"""What banks and providers tell of payments, whatever file it comes in."""

from __future__ import annotations

import pytest

from cli.payments.camt054 import NotCamt054, camt054
from cli.payments.status_table import NotAStatus, status_table
from cli.payments.told import Outcome
from tests.cli.bank_files import notification

LINES = [
    ("DBIT", "p1", "12.35", "EUR", ""),
    ("CRDT", "p1", "12.35", "EUR", "AC04"),
    ("CRDT", "p2", "500", "JPY", ""),
    ("DBIT", "p3", "1.00", "EUR", "MS03"),
]


@pytest.mark.parametrize("version", ["02", "04", "08", "12"])
def test_a_notification_in_every_version_banks_send(version: str) -> None:
    told = list(camt054(notification(version, LINES).encode(), "n.xml"))
    assert [(one.reference, one.outcome, one.amount, one.currency) for one in told] == [
        ("p1", Outcome.BOOKED, 1_235, "EUR"),
        ("p1", Outcome.RETURNED, 1_235, "EUR"),
        ("p2", Outcome.OTHER, 500, "JPY"),  # money that came in: no return information
        ("p3", Outcome.OTHER, 100, "EUR"),  # we returned somebody's payment
    ]
    assert told[0].bank_reference == "BANK-p1"
    assert told[1].reason == "AC04 closed account number; account closed"
    assert told[0].where == "n.xml, entry 1.1"


def test_what_is_not_booked_yet_tells_nothing() -> None:
    for version in ("02", "08"):
        assert not list(camt054(notification(version, LINES, status="PDNG").encode(), "n.xml"))


def test_a_reversed_debit_came_back() -> None:
    text = notification("08", [("CRDT", "p1", "1.00", "EUR", "")])
    reversed_ = text.replace("</CdtDbtInd><Sts>", "</CdtDbtInd><RvslInd>true</RvslInd><Sts>")
    [told] = camt054(reversed_.encode(), "n.xml")
    assert told.outcome is Outcome.RETURNED


def test_a_batch_without_its_transactions_decides_nothing() -> None:
    text = notification("08", LINES[:1])
    bare = text[: text.index("<NtryDtls>")] + text[text.index("</NtryDtls>") + len("</NtryDtls>") :]
    [told] = camt054(bare.encode(), "n.xml")
    assert told.outcome is Outcome.OTHER


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<a/>", "expected camt.054.001.01 to .12"),
        (notification("99", []).encode(), "expected camt.054.001.01 to .12"),
        (notification("08", LINES)[:-9].encode(), "not a camt.054.001.08"),
        (
            notification("08", []).replace("?><", '?><!DOCTYPE a [<!ENTITY b "c">]><', 1).encode(),
            "not a camt.054.001.08",
        ),
        (notification("08", LINES).replace("Ntfctn>", "Wrong>").encode(), "not a camt.054"),
    ],
)
def test_what_is_no_notification_is_said_to_be_none(content: bytes, expected: str) -> None:
    with pytest.raises(NotCamt054, match=expected):
        list(camt054(content, "n.xml"))


def test_a_table_with_the_columns_of_its_maker() -> None:
    text = (
        "\ufeffTransaction ID,Unique ID,Status,Gross,Ccy,Why\r\n"
        'T1,p1,Completed,"1,234.50",usd,\r\n'
        "T2,p2,Returned,5,USD,no such account\r\nT3,p3,Unclaimed,5,USD,\r\n"
    )
    columns = {
        "payout": "Unique ID",
        "amount": "Gross",
        "currency": "ccy",
        "reason": "Why",
        "reference": "Transaction ID",
    }
    told = list(status_table(text.encode(), "t.csv", columns))
    assert [(one.reference, one.outcome, one.amount) for one in told] == [
        ("p1", Outcome.BOOKED, 123_450),
        ("p2", Outcome.RETURNED, 500),
        ("p3", Outcome.WAITING, 500),
    ]
    assert (told[1].reason, told[0].bank_reference) == ("no such account", "T1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("payout,status\np1,paid\n", "no column amount, currency; it has payout, status"),
        ("payout,status,amount,currency\np1,maybe,1,EUR\n", "line 2: status 'maybe': expected"),
        ("", "no column payout"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(text: str, expected: str) -> None:
    with pytest.raises(NotAStatus, match=expected):
        list(status_table(text.encode(), "t.csv", {}))
