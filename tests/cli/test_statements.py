"""`pledger statement`, `pledger invoices` and `pledger audit invoice`, on a real journal.

The entries are written by hand, chained as posting chains them.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from pypdf import PdfReader

from aggregates.application import open_decisions
from events.codec import encode
from events.journal import Entry, Leg
from events.log import Writer
from events.partitioning import partition_of
from events.settings import Settings
from events.topics import JOURNAL
from projections.posted import Posted
from tests.cli.conftest import CommandFailed, ask, run
from tests.conftest import TEST_PARTITIONS
from tests.projections.test_statements import booked, chain

pytestmark = pytest.mark.broker

MARCH_10 = 1_741_600_000_000
APRIL_2 = 1_743_600_000_000
LONG_AFTER = 4_102_444_800_000  # 2100


def earned(at: int, amount: int, deal: str, **more: Any) -> Entry:
    kind = "commission" if amount >= 0 else "clawback"
    legs = (Leg("commissions", -amount), Leg("payable", amount))
    return booked(kind, *legs, unit="GBP", at=at, deal=deal, rule="sale", **more)


JANE = chain(
    earned(MARCH_10, 10_000, "D-0"),
    earned(MARCH_10, 2_500, "D-1", available_at=LONG_AFTER),
    earned(APRIL_2, -1_000, "D-0", reason="refunded"),
    booked("payout_funded", Leg("payable", -4_000), Leg("in_transit", 4_000), unit="GBP",
           payout="po-1", at=APRIL_2 + 1),
)  # fmt: skip
OMAR = chain(
    *(structs.replace(earned(at, 333, f"O-{at}"), partner="omar") for at in (MARCH_10, APRIL_2))
)


def write(ledger: Settings, entries: list[Posted]) -> None:
    writer = Writer(ledger.broker)
    for posted in entries:
        partner = posted.entry.partner
        home = partition_of(partner, TEST_PARTITIONS)
        writer.append(JOURNAL, key=partner, value=posted.value, partition=home)
    writer.flush()


@pytest.fixture
def acme(here: Settings) -> Settings:
    """Two partners' accounts, in two partitions; one entry stands there twice."""
    decisions = open_decisions(here.broker)
    decisions.create_program("acme", "Acme «Żółć» Ltd", "GBP")
    for partner, name in (("jane", "Jane Doe"), ("omar", "=omar")):
        decisions.register_partner(partner, name)
        decisions.approve(partner, "acme")
    decisions.close()
    write(here, [JANE[0], *JANE, *OMAR])
    return here


def at(offset: int) -> str:
    return f"journal/{partition_of('jane', TEST_PARTITIONS)}/{offset}"


def test_statements(acme: Settings, tmp_path: Path) -> None:
    assert partition_of("jane", TEST_PARTITIONS) != partition_of("omar", TEST_PARTITIONS)
    whole = ask("statement", "jane")
    [section] = whole["sections"]
    assert [line["balance"]["decimal"] for line in section["entries"]] == [
        *("100.00", "125.00", "115.00", "75.00")
    ]
    assert [line["position"] for line in section["entries"]] == [at(0), at(2), at(3), at(4)]
    closing = {name: money["minor_units"] for name, money in section["closing"].items()}
    assert closing == {
        "payable": 7_500,
        "pending": 2_500,
        "available": 5_000,
        "in_transit": 4_000,
        "paid": 0,
        "fees": 0,
        "withholding": 0,
    }
    assert whole["chain"]["opening"] == {"position": "", "sha256": ""}
    assert whole["chain"]["closing"] == {"position": at(4), "sha256": JANE[-1].sha256}

    march = ask("statement", "jane", "--month", "2025-03")
    april = ask("statement", "jane", "--month", "2025-04", "--program", "acme")
    assert march["ends"] == april["starts"]
    assert march["sections"][0]["closing"] == april["sections"][0]["opening"]
    assert march["chain"]["closing"] == april["chain"]["opening"]
    assert april["sections"][0]["entries"] == section["entries"][2:]
    after = ask("statement", "jane", "--after", march["chain"]["closing"]["position"])
    assert after["sections"][0]["entries"] == april["sections"][0]["entries"]

    text = run("statement", "jane", "--until", "2025-04-01")
    assert "opening            0.00 GBP" in text
    assert "closing          125.00 GBP" in text
    assert JANE[1].sha256 in text

    pdf, sheet = tmp_path / "jane.pdf", tmp_path / "jane.csv"
    assert run("statement", "jane", "--pdf", str(pdf), "--csv", str(sheet)) == ""
    page = PdfReader(pdf).pages[0].extract_text()
    assert "Acme «Żółć» Ltd" in page
    assert "Page 1 of 1" in page
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8-sig"))))
    balances = ["0.00", "100.00", "125.00", "115.00", "75.00", "75.00"]
    assert [row["balance"] for row in rows] == balances


REFUSED = [
    (("statement", "nobody"), "nothing is booked for partner nobody"),
    (("statement", "jane", "--program", "beta"), "program 'beta' does not exist"),
    (("statement", "jane", "--month", "April"), "expected year and month"),
    (("statement", "jane", "--after", "journal/9/1"), "what is asked for is in journal/"),
    (("statement", "jane", "--after", "x"), "a place in the journal, as journal/3/1842"),
    (
        ("invoices", "issue", "acme", "--month", f"{datetime.now(UTC):%Y-%m}"),
        "-01; bill it then, or now with --early",
    ),
    (("invoices", "issue", "acme", "--month", "2999-01", "--early"), "it has not begun"),
    (("invoices", "issue", "acme", "--month", "May"), "expected a month as year and month"),
    (("invoices", "issue", "beta", "--month", "2025-01"), "there is no program beta"),
    (("invoices", "show", "none"), "`pledger invoices list` shows"),
]


def test_what_cannot_be_made_is_said_in_a_line(acme: Settings) -> None:
    for arguments, said in REFUSED:
        with pytest.raises(CommandFailed) as caught:
            run(*arguments)
        assert caught.value.code == 1
        assert said in caught.value.said
        assert len(caught.value.said.strip().splitlines()) == 1


def test_a_partner_of_two_programs_chooses_one(acme: Settings) -> None:
    other = structs.replace(
        earned(APRIL_2 + 2, 5, "B-1"), program="beta", n=4, source="instructions/0/4",
        previous=JANE[-1].sha256,
    )  # fmt: skip
    write(acme, [JANE[0]._replace(entry=other, value=encode(other))])
    with pytest.raises(CommandFailed, match="accounts in acme, beta: choose by --program"):
        run("statement", "jane")
    assert ask("statement", "jane", "--program", "acme")["entries"] == 4


def test_invoices_from_the_first_to_an_audit(acme: Settings, tmp_path: Path) -> None:
    assert run("invoices", "list") == "no invoices yet\n"
    march = ask("invoices", "issue", "acme", "--month", "2025-03", "--by", "ann")
    assert march["totals"] == [
        {"unit": "GBP", "decimals": 2, "minor_units": 12_833, "decimal": "128.33"}
    ]
    assert [(line["partner"], line["kind"], line["minor_units"]) for line in march["lines"]] == [
        ("jane", "commission", 12_500),
        ("omar", "commission", 333),
    ]
    assert ask("invoices", "issue", "acme", "--month", "2025-03") == march, "once is enough"

    late = structs.replace(
        earned(MARCH_10, 77, "D-late"), n=4, source="instructions/0/4", previous=JANE[-1].sha256,
        at=APRIL_2 + 1,
    )  # fmt: skip
    write(acme, [JANE[0]._replace(entry=late, value=encode(late))])
    april = ask("invoices", "issue", "acme", "--month", "2025-04")
    assert april["starts"] == march["ends"]
    assert april["totals"][0]["minor_units"] == -1_000 + 333 + 77
    assert (april["number"], april["invoice"]) == (2, "acme-2025-04")

    listed = ask("invoices", "list", "acme")
    assert [row["totals"]["GBP"] for row in listed] == [12_833, -590]
    assert "128.33 GBP" in run("invoices", "list")
    pdf, sheet = tmp_path / "acme.pdf", tmp_path / "acme.csv"
    run("invoices", "show", "acme-2025-03", "--pdf", str(pdf), "--csv", str(sheet))
    assert "Invoice acme-2025-03" in PdfReader(pdf).pages[0].extract_text()
    assert "'=omar" in sheet.read_text("utf-8-sig")
    assert "to be paid -5.90 GBP" in run("invoices", "show", "acme-2025-04")

    assert run("audit", "invoice", "acme-2025-03").endswith("verified\n")
    proof = ask("audit", "invoice", "acme-2025-04")
    assert (proof["verified"], proof["proof"]["after"]) == (True, "acme-2025-03")
    with pytest.raises(CommandFailed) as refused:
        run("invoices", "issue", "acme", "--month", "2025-02")
    assert "acme was billed up to 2025-04" in refused.value.said
    with pytest.raises(CommandFailed) as unknown:
        run("audit", "invoice", "none")
    assert unknown.value.code == 2


def test_an_invoice_that_bills_too_much_is_found(acme: Settings) -> None:
    made = ask("invoices", "issue", "acme", "--month", "2025-03")
    decisions = open_decisions(acme.broker)
    decisions.issue_invoice(
        "acme-2025-04", 2, "acme", "2025-04", made["ends"], made["ends"], {"GBP": 1}, 0,
        made["sha256"],
    )  # fmt: skip
    decisions.close()
    with pytest.raises(CommandFailed) as found:
        run("audit", "invoice", "acme-2025-04")
    assert (found.value.code, "NOT VERIFIED: invoice" in found.value.said) == (1, True)
    with pytest.raises(CommandFailed, match="pledger audit invoice acme-2025-04"):
        run("invoices", "show", "acme-2025-04")


def test_a_tampered_account_gives_no_statement(here: Settings) -> None:
    decisions = open_decisions(here.broker)
    decisions.create_program("acme", "Acme", "GBP")
    decisions.close()
    more = structs.replace(JANE[0].entry, legs=(Leg("commissions", -1), Leg("payable", 1)))
    write(here, [JANE[0]._replace(entry=more, value=encode(more)), *JANE[1:]])
    with pytest.raises(CommandFailed, match="pledger replay --verify"):
        run("statement", "jane")
