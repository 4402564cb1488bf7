"""A program's invoice as JSON, CSV and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.documents.pages import Cell as Set
from cli.documents.pages import Heading, Pages
from cli.documents.sheet import number, sheet
from cli.documents.words import bare, day, kind
from cli.money import exponent, plain, shown
from cli.reading import iso
from projections.invoice import Invoice, InvoiceLine

HEADER = (
    *("invoice", "number", "period", "program", "partner", "partner_name", "unit", "account"),
    *("kind", "entries", "amount"),
)
COLLECTED = {
    "wholesale": "Taken from customers by partners",
    "receipts": "Paid by partners to the program",
}


@dataclass(frozen=True)
class InvoiceOf:
    """An invoice with what it is called and the names that stand on it."""

    made: Invoice
    invoice: str
    number: int
    period: str
    issued_at: int
    """Milliseconds; 0: not issued yet."""
    position: str
    """Of the decision that issued it."""
    program_name: str
    partner_names: Mapping[str, str] = field(default_factory=dict)


def invoice_json(of: InvoiceOf) -> dict[str, Any]:
    """The invoice's facts. Amounts: minor units, and the same as decimal text."""
    made = of.made
    return {
        "invoice": of.invoice,
        "number": of.number,
        "program": made.program,
        "program_name": of.program_name,
        "period": of.period,
        "issued_at": iso(of.issued_at),
        "decision": of.position,
        "starts": made.starts,
        "ends": made.ends,
        "entries": made.entries,
        "totals": [
            {"unit": unit, "decimals": exponent(unit), **_money(total, unit)}
            for unit, total in made.totals.items()
        ],
        "lines": [
            {
                "partner": line.partner,
                "partner_name": of.partner_names.get(line.partner, ""),
                "unit": line.unit,
                "account": line.account,
                "kind": line.kind,
                "entries": line.entries,
                **_money(line.amount, line.unit),
            }
            for line in made.lines
        ],
        "sha256": made.sha256,
    }


def invoice_csv(of: InvoiceOf) -> bytes:
    """The lines; those of the account `commissions` add up to the totals."""
    return sheet(
        HEADER,
        (
            [
                *(of.invoice, of.number, of.period, of.made.program, line.partner),
                *(of.partner_names.get(line.partner, ""), line.unit, line.account, line.kind),
                *(line.entries, number(line.amount, line.unit)),
            ]
            for line in of.made.lines
        ),
    )


def invoice_pdf(of: InvoiceOf) -> bytes:
    """The invoice on paper."""
    made = of.made
    pages = Pages(of.program_name or made.program, "Invoice", f"{of.invoice}, {of.period}")
    pages.title(f"Invoice {of.invoice}")
    pages.facts(
        [
            ("Program", f"{of.program_name} ({made.program})"),
            ("Number", str(of.number)),
            ("Month", of.period),
            ("Issued", day(of.issued_at) or "not issued yet"),
            *(("To be paid", shown(total, unit)) for unit, total in made.totals.items()),
        ]
    )
    if not made.totals:
        pages.note("Nothing was earned.")
    for unit in made.totals:
        pages.section(f"What partners earned, {unit}")
        _set_lines(pages, of, [line for line in made.lines if _is(line, unit, "commissions")])
    for account, words in COLLECTED.items():
        for unit in sorted({line.unit for line in made.lines if line.account == account}):
            pages.section(f"{words}, {unit}")
            _set_lines(pages, of, [line for line in made.lines if _is(line, unit, account)])
            pages.note("Shown for information; no part of what is to be paid.")
    pages.section("Proof")
    pages.facts([("Entries", f"{made.entries:,}"), ("SHA-256 of the lines", made.sha256)])
    pages.note("Where it is cut:")
    pages.table(
        [Heading("Partition of the journal", 3), Heading("From offset"), Heading("To before")],
        [[f"journal/{p}", f"{start:,}", f"{made.ends[p]:,}"] for p, start in made.starts.items()],
    )
    pages.note(
        "Billed is every entry of the journal between these offsets, and none beside. The next "
        "invoice begins where this one ends; what is booked late is on it."
    )
    return pages.pdf()


def _set_lines(pages: Pages, of: InvoiceOf, lines: list[InvoiceLine]) -> None:
    """A table of lines that are all of one unit and account, with their sum."""
    unit = lines[0].unit
    rows: list[list[Set]] = []
    last = ""
    for line in lines:
        name = of.partner_names.get(line.partner, "")
        who = f"{name} ({line.partner})" if name else line.partner
        entries = f"{line.entries:,}"
        amount = bare(line.amount, unit)
        rows.append(["" if line.partner == last else who, kind(line.kind), entries, amount])
        last = line.partner
    total = sum(line.amount for line in lines)
    rows.append(["Total", "", "", bare(total, unit)])
    pages.table(
        [Heading("Partner", 3), Heading("What", 2), Heading("Entries"), Heading("Amount")],
        rows,
        strong=(len(rows) - 1,),
    )


def _is(line: InvoiceLine, unit: str, account: str) -> bool:
    return (line.unit, line.account) == (unit, account)


def _money(amount: int, unit: str) -> dict[str, Any]:
    return {"minor_units": amount, "decimal": plain(amount, unit)}
