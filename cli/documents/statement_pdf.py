"""A partner's statement on paper."""

from __future__ import annotations

from cli.documents.pages import Cell, Heading, Pages, Text
from cli.documents.statement import StatementOf
from cli.documents.words import about, at_the_close, bare, day, details, kind
from projections.statement import Head, Line, Section


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
            ("Happened" if of.known else "Booked", f"from {of.when}, UTC"),
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
    rows: list[list[Cell]] = [
        ["", "Opening balance", "", "", "", bare(section.opening.payable, unit), ""]
    ]
    for line in section.lines:
        rows.append(
            [
                day(line.effective or line.at),
                Text(kind(line.kind), details(line, unit)),
                about(line),
                ", ".join(line.rules),
                bare(line.amount, unit) if line.amount else "",
                bare(line.balance, unit),
                line.position,
            ]
        )
    rows.append(["", "Closing balance", "", "", "", bare(section.closing.payable, unit), ""])
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


def _set_nothing(line: Line) -> list[Cell]:
    return [
        day(line.effective or line.at),
        Text(kind(line.kind), details(line, "")),
        about(line),
        line.position,
    ]


def _named(head: Head) -> str:
    return f"{head.sha256} ({head.position})" if head.position else "nothing booked before"
