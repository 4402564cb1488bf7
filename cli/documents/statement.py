"""A partner's statement as JSON, CSV and PDF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.documents.pages import Cell as Set
from cli.documents.pages import Heading, Pages, Text
from cli.documents.sheet import Cell, number, sheet
from cli.documents.words import about, day, details, kind
from cli.money import exponent, plain, shown
from cli.reading import iso
from events.journal import HELD
from projections.statement import Head, Line, Section, Statement, Sums

FAR = 2**62
"""A time after all others, ms."""
BALANCES = ("payable", "pending", "available", "in_transit", "paid", "fees", "withholding")
HEADER = (
    *("program", "partner", "unit", "row", "booked", "what", "payout", "deal", "event_id"),
    *("via", "rules", "amount", "balance", "in_transit", "paid", "fees", "withholding"),
    *("pending", "available", "available_from", "terms", "note", "entry"),
)


@dataclass(frozen=True)
class StatementOf:
    """A statement with the names that stand on it."""

    made: Statement
    program_name: str
    partner_name: str
    since: int
    """Milliseconds; 0: from the beginning."""
    until: int
    """Exclusive; FAR: everything booked when it was made."""

    @property
    def when(self) -> str:
        """`2026-11-01 to 2026-12-01`; the second day is not part of it."""
        return f"{_moment(self.since) or 'the beginning'} to {self.until_named}"

    @property
    def until_named(self) -> str:
        return _moment(self.made.closed_at if self.until == FAR else self.until)


def statement_json(of: StatementOf) -> dict[str, Any]:
    """The statement's facts. Amounts: minor units, and the same as decimal text."""
    made = of.made
    return {
        "partner": made.partner,
        "partner_name": of.partner_name,
        "program": made.program,
        "program_name": of.program_name,
        "since": iso(of.since),
        "until": "" if of.until == FAR else iso(of.until),
        "closed_at": iso(made.closed_at),
        "starts": made.starts,
        "ends": made.ends,
        "entries": made.entries,
        "sections": [_section_json(section) for section in made.sections],
        "without_effect": [_line_json(line, "") for line in made.without_effect],
        "chain": {"opening": _head(made.opening_head), "closing": _head(made.closing_head)},
    }


def statement_csv(of: StatementOf) -> bytes:
    """One table: for each unit an opening row, the entries and a closing row."""
    return sheet(HEADER, _rows(of.made))


def statement_pdf(of: StatementOf) -> bytes:
    """The statement on paper."""
    made = of.made
    who = f"{of.partner_name} ({made.partner})" if of.partner_name else made.partner
    pages = Pages(of.program_name or made.program, "Statement", f"{who}, {of.when}")
    pages.title("Statement of account")
    pages.facts(
        [
            ("Partner", who),
            ("Program", f"{of.program_name} ({made.program})"),
            ("Booked", f"from {of.when}, UTC"),
            ("Entries", f"{made.entries:,}"),
        ]
    )
    for section in made.sections:
        _set_section(pages, section)
    if not made.sections:
        pages.note("Nothing was ever booked in this program.")
    if made.without_effect:
        pages.section("Booked nothing")
        pages.table(
            [
                Heading("Date", is_text=True),
                Heading("What", 3),
                Heading("For", 3),
                Heading("Entry", is_text=True),
            ],
            [_set_nothing(line) for line in made.without_effect],
        )
    pages.section("Proof")
    pages.facts([("At the opening", _named(made.opening_head)),
                 ("At the close", _named(made.closing_head))])  # fmt: skip
    pages.note(
        "Each entry of the journal names the SHA-256 of the partner's entry before it. The hash at "
        "the close therefore stands for all entries up to it, and the next statement opens with it."
    )
    return pages.pdf()


def _set_section(pages: Pages, section: Section) -> None:
    unit = section.unit
    pages.section(unit)
    rows: list[list[Set]] = [
        ["", "Opening balance", "", "", "", _bare(section.opening.payable, unit), ""]
    ]
    for line in section.lines:
        rows.append(
            [
                day(line.at),
                Text(kind(line.kind), details(line, unit)),
                about(line),
                ", ".join(line.rules),
                _bare(line.amount, unit) if line.amount else "",
                _bare(line.balance, unit),
                line.position,
            ]
        )
    rows.append(["", "Closing balance", "", "", "", _bare(section.closing.payable, unit), ""])
    pages.table(
        [
            *(
                Heading("Date", is_text=True),
                Heading("What", 3),
                Heading("For", 2),
                Heading("Rule", 2),
            ),
            *(Heading("Amount"), Heading("Balance"), Heading("Entry", is_text=True)),
        ],
        rows,
        strong=(0, len(rows) - 1),
    )
    pages.note(f"At the close: {at_the_close(section.closing, unit)}.")


def at_the_close(sums: Sums, unit: str) -> str:
    """`available 10.00 EUR, pending 2.50 EUR, in transit 0.00 EUR, paid 40.00 EUR`."""
    said = [
        f"{name.replace('_', ' ')} {shown(getattr(sums, name), unit)}"
        for name in ("available", "pending", "in_transit", "paid")
    ]
    said += [
        f"{words} {shown(amount, unit)}"
        for words, amount in (("fees", sums.fees), ("withheld", sums.withholding))
        if amount
    ]
    return ", ".join(said)


def _set_nothing(line: Line) -> list[Set]:
    return [day(line.at), Text(kind(line.kind), details(line, "")), about(line), line.position]


def _rows(made: Statement) -> Iterator[list[Cell]]:
    for section in made.sections:
        yield _balance_row(made, section.unit, "opening", section.opening, made.opened_at)
        for line in section.lines:
            yield _entry_row(made, section.unit, line)
        yield _balance_row(made, section.unit, "closing", section.closing, made.closed_at)
    for line in made.without_effect:
        yield _entry_row(made, "", line)


def _balance_row(made: Statement, unit: str, row: str, sums: Sums, at: int) -> list[Cell]:
    said = {name: number(getattr(sums, name), unit) for name in BALANCES}
    head = made.opening_head if row == "opening" else made.closing_head
    return [
        *(made.program, made.partner, unit, row, iso(at), "", "", "", "", "", "", None),
        *(said["payable"], said["in_transit"], said["paid"], said["fees"], said["withholding"]),
        *(said["pending"], said["available"], "", None, head.sha256, head.position),
    ]


def _entry_row(made: Statement, unit: str, line: Line) -> list[Cell]:
    amounts: list[Cell] = [None] * 6
    if unit:
        amounts = [
            number(amount, unit)
            for amount in (line.amount, line.balance, line.in_transit, line.paid, line.fees,
                           line.withholding)
        ]  # fmt: skip
    return [
        *(made.program, made.partner, unit, "entry", iso(line.at), line.kind, line.payout),
        *(line.deal, line.event_id or line.adjustment, line.via, ", ".join(line.rules)),
        *amounts,
        *(None, None, iso(line.available_at) if line.available_at < HELD else "held"),
        *(line.terms or None, "; ".join([line.reason, *line.notes]).strip("; "), line.position),
    ]


def _section_json(section: Section) -> dict[str, Any]:
    unit = section.unit
    return {
        "unit": unit,
        "decimals": exponent(unit),
        "opening": _sums_json(section.opening, unit),
        "entries": [_line_json(line, unit) for line in section.lines],
        "closing": _sums_json(section.closing, unit),
    }


def _sums_json(sums: Sums, unit: str) -> dict[str, Any]:
    return {name: _money(getattr(sums, name), unit) for name in BALANCES}


def _line_json(line: Line, unit: str) -> dict[str, Any]:
    said: dict[str, Any] = {name: getattr(line, name) for name in line.__struct_fields__}
    for name in ("amount", "balance", "in_transit", "paid", "fees", "withholding"):
        said[name] = _money(said[name], unit)
    said["at"] = iso(line.at)
    said["held"] = line.available_at >= HELD
    said["available_at"] = "" if said["held"] else iso(line.available_at)
    return said


def _money(amount: int, unit: str) -> dict[str, Any]:
    return {"minor_units": amount, "decimal": plain(amount, unit)}


def _head(head: Head) -> dict[str, str]:
    return {"position": head.position, "sha256": head.sha256}


def _named(head: Head) -> str:
    return f"{head.sha256} ({head.position})" if head.position else "nothing booked before"


def _bare(amount: int, unit: str) -> str:
    """Without the unit, which stands above the table."""
    return shown(amount, unit).removesuffix(unit).rstrip()


def _moment(ms: int) -> str:
    """A day where it is midnight, else the moment."""
    text = iso(ms)
    return text.removesuffix("T00:00:00Z")
