"""The proof of a payout on paper."""

from __future__ import annotations

from typing import Any

from reportlab.graphics import shapes
from reportlab.lib.colors import HexColor

from audit.bundle.verify import Verdict
from cli.documents import proof_drawing
from cli.documents.fonts import BOLD, REGULAR, legible
from cli.documents.look import INK
from cli.documents.pages import Cell, Heading, Pages, Text
from cli.documents.proof_drawing import INSIDE, LINE, SIZE, TITLE_SIZE, Drawing
from cli.documents.proof_report import (
    LEGEND,
    Row,
    facts,
    months,
    outcome,
    payout_rows,
    terms_cited,
)
from cli.proof_words import not_proved, proved, resting, withheld

FILL, EDGE = HexColor("#f1f4f8"), HexColor("#5b6b7d")
HEAD_LENGTH = 5.0
POSITIONS = 40
"""Positions of resting steps that are named on paper; the JSON of `pledger verify` has all."""

HEADINGS = (
    Heading("Booked", is_text=True),
    Heading("What", 2.6),
    Heading("For, by rule", 2.2),
    Heading("Amount"),
    Heading("Balance"),
    Heading("Entry, and what it rests on", 3.9),
    Heading("Proof", is_text=True),
)


def proof_pdf(verdict: Verdict) -> bytes:
    """The report as a PDF; the same bytes for the same bundle."""
    proof = verdict.proof
    pages = Pages(proof.program, "Proof of payout", f"{proof.payout}, {proof.partner}")
    pages.title(f"Proof of payout {proof.payout}")
    pages.text(outcome(verdict), strong=True)
    pages.facts(facts(verdict))
    pages.section("From click to payment")
    for drawing in (proof_drawing.whole_way(verdict), proof_drawing.one_way(verdict)):
        if drawing is not None:
            pages.figure(flowable(drawing), drawing.title)
    pages.section("What it proves")
    for sentence in proved(verdict):
        pages.text(sentence)
    pages.section("What it does not prove")
    for sentence in not_proved(verdict):
        pages.text(sentence)
    if left_out := withheld(verdict):
        pages.text(f"Withheld records: {left_out}.")
    for group in resting(verdict.rests):
        named = ", ".join(group.positions[:POSITIONS])
        more = len(group.positions) - POSITIONS
        pages.note(f"{group.what}: {named}" + (f" … {more:,} more" * (more > 0)))
    pages.section("The payout")
    pages.note(LEGEND)
    pages.table(HEADINGS, [_cells(row) for row in payout_rows(verdict)])
    for month in months(verdict):
        sums = ", ".join(month.sums) or "nothing"
        pages.section(f"{month.name}: {len(month.rows):,} entries, balance {sums}")
        pages.table(HEADINGS, [_cells(row) for row in month.rows])
    if cited := terms_cited(verdict):
        pages.section("Terms that were cited")
        headings = (Heading("Program", 1), Heading("Version"), Heading("Decision", 1))
        pages.table(headings, [list(row) for row in cited])
    return pages.pdf()


def flowable(drawing: Drawing) -> shapes.Drawing:
    """A drawing as ReportLab sets it, whose y runs upwards."""
    made = shapes.Drawing(drawing.width, drawing.height)
    for box in drawing.boxes:
        top = drawing.height - box.y
        made.add(
            shapes.Rect(box.x, top - box.h, box.w, box.h, rx=3, ry=3, fillColor=FILL,
                        strokeColor=EDGE, strokeWidth=0.8)
        )  # fmt: skip
        x, y = box.x + INSIDE, top - INSIDE - TITLE_SIZE
        made.add(_string(x, y, box.title, TITLE_SIZE, BOLD))
        for number, line in enumerate(box.lines, 1):
            made.add(_string(x, y - number * LINE - 1, line, SIZE, REGULAR))
    for arrow in drawing.arrows:
        y1, y2 = drawing.height - arrow.y1, drawing.height - arrow.y2
        made.add(shapes.Line(arrow.x1, y1, arrow.x2, y2, strokeColor=EDGE, strokeWidth=0.9))
        made.add(
            shapes.Polygon(_head(arrow.x1, y1, arrow.x2, y2), fillColor=EDGE, strokeColor=None)
        )
    return made


def _string(x: float, y: float, text: str, size: float, font: str) -> Any:
    return shapes.String(x, y, legible(text), fontSize=size, fontName=font, fillColor=INK)


def _head(x1: float, y1: float, x2: float, y2: float) -> list[float]:
    """The corners of the triangle at the end of an arrow, which runs along an axis."""
    size = HEAD_LENGTH
    if y1 == y2:
        return [x2, y2, x2 - size, y2 + size / 2, x2 - size, y2 - size / 2]
    back = size if y1 > y2 else -size
    return [x2, y2, x2 - size / 2, y2 + back, x2 + size / 2, y2 + back]


def _cells(row: Row) -> list[Cell]:
    return [
        row.day,
        Text(row.what, (row.notes,) if row.notes else ()),
        Text(row.subject, (row.rule,) if row.rule else ()),
        f"{row.amount} {row.unit}" if row.amount else "",
        row.balance,
        Text(row.entry, (", ".join(row.rests_on),)),
        row.proof,
    ]
