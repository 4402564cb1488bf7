"""A partner's statement as JSON and CSV; `statement_pdf` is the same on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.documents.sheet import Cell, number, sheet
from cli.money import exponent, plain
from cli.reading import iso
from events.journal import HELD
from projections.statement import Head, Line, Section, Statement, Sums
from streams.named_moments import places_text

FAR = 2**62
"""A time after all others, ms."""
BALANCES = ("payable", "pending", "available", "in_transit", "paid", "fees", "withholding")
HEADER = (
    *("program", "partner", "unit", "row", "booked", "what", "payout", "deal", "event_id"),
    *("via", "rules", "amount", "balance", "in_transit", "paid", "fees", "withholding"),
    *("pending", "available", "available_from", "terms", "note", "entry", "happened"),
)


@dataclass(frozen=True)
class StatementOf:
    """A statement with the names that stand on it."""

    made: Statement
    program_name: str
    partner_name: str
    partition: int
    """Of the journal, that the account stands in."""
    since: int
    """Milliseconds; 0: from the beginning."""
    until: int
    """Exclusive; FAR: everything booked when it was made."""
    known: str = ""
    """What is known, in words; empty: what was known then, as it was booked."""

    @property
    def when(self) -> str:
        """`2026-11-01 to 2026-12-01`; the second day is not part of it."""
        known = f", as known {self.known}" if self.known else ""
        return f"{_moment(self.since) or 'the beginning'} to {self.until_named}{known}"

    @property
    def place(self) -> str:
        """Its end as a place: by it, the same question has the same answer for ever."""
        return places_text({self.partition: self.made.ends}, self.made.closed_at)

    @property
    def known_place(self) -> str:
        """The same of what is known."""
        known = self.made.ends if self.made.known is None else self.made.known
        return places_text({self.partition: known})

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
        "as_of": of.place,
        "known": of.known_place,
        "known_then": made.known is None,
        "final": made.final,
        "entries": made.entries,
        "sections": [_section_json(section) for section in made.sections],
        "without_effect": [_line_json(line, "") for line in made.without_effect],
        "chain": {"opening": _head(made.opening_head), "closing": _head(made.closing_head)},
    }


def statement_csv(of: StatementOf) -> bytes:
    """One table: for each unit an opening row, the entries and a closing row."""
    return sheet(HEADER, _rows(of.made))


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
        *(said["pending"], said["available"], "", None, head.sha256, head.position, ""),
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
        iso(line.effective),
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
    said["effective"] = iso(line.effective)
    said["held"] = line.available_at >= HELD
    said["available_at"] = "" if said["held"] else iso(line.available_at)
    return said


def _money(amount: int, unit: str) -> dict[str, Any]:
    return {"minor_units": amount, "decimal": plain(amount, unit)}


def _head(head: Head) -> dict[str, str]:
    return {"position": head.position, "sha256": head.sha256}


def _moment(ms: int) -> str:
    """A day where it is midnight, else the moment."""
    text = iso(ms)
    return text.removesuffix("T00:00:00Z")
