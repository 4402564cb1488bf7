"""Paper: a PDF of headings, facts and tables, with a head and `page x of y` on every page.

Set with ReportLab's Platypus: tables run over pages and repeat their headings, numbers stand
right in columns as wide as the widest of them, text wraps in what is left. The same input
gives the same bytes (`invariant`): no date and no chance gets into a document.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from cli.documents.fonts import BOLD, BOX, REGULAR, legible, register, width

MARGIN = 16 * mm
HEAD = 14 * mm
"""Height above the text for the head, and below it for the foot."""
WIDTH = A4[0] - 2 * MARGIN
HEADED = 30 * mm
"""Height a section needs at the foot of a page; else it begins on the next."""
SIZE = 8.0
"""Points, of the text in tables."""
PADDING = 3.0
"""Points, left and right of a cell."""
INK, GRAY, RULE, SHADE = (HexColor(c) for c in ("#1a1a1a", "#666666", "#b8b8b8", "#f1f1f1"))

BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=SIZE, leading=SIZE * 1.3, textColor=INK,
                      splitLongWords=1)  # fmt: skip
STRONG = ParagraphStyle("strong", BODY, fontName=BOLD)
SMALL = ParagraphStyle("small", BODY, fontSize=7, leading=9.2, textColor=GRAY)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=17, leading=21, spaceAfter=3 * mm)
SECTION = ParagraphStyle(
    "section", BODY, fontName=BOLD, fontSize=11, leading=14, spaceBefore=6 * mm, spaceAfter=2 * mm,
)  # fmt: skip
MISSING = (
    f"Letters of scripts other than Latin, Greek and Cyrillic are shown as {BOX}; the CSV and JSON "
    "of this document hold them as they are."
)


@dataclass(frozen=True)
class Heading:
    """A column: text that wraps, text of one line, or numbers (which stand right)."""

    title: str
    share: float = 0.0
    """Of the width the other columns leave, for text that wraps; 0: as wide as its widest."""
    is_text: bool = False


@dataclass(frozen=True)
class Text:
    """A cell of text with what is said of it in small letters below."""

    text: str
    below: Sequence[str] = ()


Cell = str | Text


class Pages:
    """A document that is written from the top down, and then set as a PDF."""

    def __init__(self, program: str, kind: str, subject: str) -> None:
        """`program`: its name, at the head of every page; `kind`: Statement, Invoice;
        `subject`: whose and of when, at the foot."""
        register()
        self._is_legible = True
        self.program, self.kind, self.subject = map(self._legible, (program, kind, subject))
        self._story: list[Any] = []

    def title(self, text: str) -> None:
        self._story.append(self._set(text, TITLE))

    def section(self, text: str) -> None:
        self._story += [CondPageBreak(HEADED), self._set(text, SECTION)]

    def note(self, text: str) -> None:
        """A sentence in small letters."""
        self._story += [Spacer(0, 1.5 * mm), self._set(text, SMALL)]

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Names and values, one a line."""
        names = max(width(name, SIZE, BOLD) for name, _ in facts) + 4 * PADDING
        rows = [[self._set(name, STRONG), self._set(value, BODY)] for name, value in facts]
        style = [("VALIGN", (0, 0), (-1, -1), "TOP"), *_padded(1.2, left=0)]
        self._story.append(Table(rows, [names, WIDTH - names], style=style, hAlign="LEFT"))

    def table(
        self,
        headings: Sequence[Heading],
        rows: Sequence[Sequence[Cell]],
        strong: Sequence[int] = (),
    ) -> None:
        """A table; `strong`: numbers of the rows that are sums."""
        widths = _widths(headings, rows)
        emphasized = set(strong)
        cells: list[list[Any]] = [[self._legible(heading.title) for heading in headings]]
        for place, row in enumerate(rows):
            font = BOLD if place in emphasized else REGULAR
            cells.append(
                [self._cell(cell, points, font) for cell, points in zip(row, widths, strict=True)]
            )
        style: list[tuple[Any, ...]] = [
            ("FONT", (0, 0), (-1, -1), REGULAR, SIZE, SIZE * 1.3),
            ("FONT", (0, 0), (-1, 0), BOLD, SIZE, SIZE * 1.3),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), SHADE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, RULE),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, RULE),
            ("NOSPLIT", (0, max(-3, -len(cells))), (-1, -1)),  # no sum alone on a page
            *_padded(2.0),
        ]
        numbers = [n for n, h in enumerate(headings) if not h.share and not h.is_text]
        style += [("ALIGN", (n, 0), (n, -1), "RIGHT") for n in numbers]
        for place in emphasized:
            style.append(("FONT", (0, place + 1), (-1, place + 1), BOLD, SIZE, SIZE * 1.3))
        self._story.append(Table(cells, widths, style=style, repeatRows=1, hAlign="LEFT"))

    def pdf(self) -> bytes:
        """The document, set; the same bytes for the same input."""
        if not self._is_legible:
            self.note(MISSING)
        out = io.BytesIO()
        document = BaseDocTemplate(
            out, pagesize=A4, title=f"{self.kind}: {self.subject}", author=self.program,
            subject=self.subject, creator="Partner Ledger", invariant=1,
        )  # fmt: skip
        frame = Frame(MARGIN, MARGIN + HEAD, WIDTH, A4[1] - 2 * (MARGIN + HEAD), 0, 0, 0, 0)
        document.addPageTemplates(PageTemplate("page", [frame]))
        document.build(self._story, canvasmaker=self._canvas)
        return out.getvalue()

    def _canvas(self, *arguments: Any, **named: Any) -> Canvas:
        return _Numbered(self, *arguments, **named)

    def _legible(self, text: str) -> str:
        shown = legible(text)
        self._is_legible = self._is_legible and BOX not in shown
        return shown

    def _set(self, text: str, style: ParagraphStyle) -> Paragraph:
        return Paragraph(escape(self._legible(text)), style)

    def _cell(self, cell: Cell, points: float, font: str) -> Any:
        """Text that fits on one line as it is; else, or with notes, as a paragraph."""
        text, below = (cell, ()) if isinstance(cell, str) else (cell.text, cell.below)
        shown = self._legible(text)
        if not below and "\n" not in shown and width(shown, SIZE, font) <= points - 2 * PADDING:
            return shown
        first = Paragraph(escape(shown), STRONG if font == BOLD else BODY)
        return [first, *(self._set(line, SMALL) for line in below)]


class _Numbered(Canvas):
    """Draws heads and feet when all pages are known: only then is it clear how many."""

    def __init__(self, pages: Pages, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._of = pages
        self._set_pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._set_pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        count = len(self._set_pages)
        for number, page in enumerate(self._set_pages, 1):
            self.__dict__.update(page)
            self._head_and_foot(number, count)
            super().showPage()
        super().save()

    def _head_and_foot(self, number: int, count: int) -> None:
        top, bottom, right = A4[1] - MARGIN, MARGIN, A4[0] - MARGIN
        self.setStrokeColor(RULE)
        self.setLineWidth(0.6)
        self.line(MARGIN, top - 5 * mm, right, top - 5 * mm)
        self.line(MARGIN, bottom + 5 * mm, right, bottom + 5 * mm)
        self.setFillColor(INK)
        self.setFont(BOLD, 10)
        self.drawString(MARGIN, top - 2 * mm, _clipped(self._of.program, 10, BOLD))
        self.setFillColor(GRAY)
        self.setFont(REGULAR, SIZE)
        self.drawRightString(right, top - 2 * mm, self._of.kind)
        self.drawString(MARGIN, bottom + 1.5 * mm, _clipped(self._of.subject, SIZE, REGULAR))
        self.drawRightString(right, bottom + 1.5 * mm, f"Page {number} of {count}")


def _clipped(text: str, size: float, font: str) -> str:
    """As much of a line as leaves room for what stands at its right."""
    room = WIDTH - 35 * mm
    if width(text, size, font) <= room:
        return text
    while text and width(text + "…", size, font) > room:
        text = text[:-1]
    return text + "…"


def _widths(headings: Sequence[Heading], rows: Sequence[Sequence[Cell]]) -> list[float]:
    """Points of each column: numbers as wide as the widest of them, the rest by share."""
    widest = [
        max(width(str(text), SIZE, BOLD) for text in (heading.title, *(row[place] for row in rows)))
        + 2 * PADDING
        if not heading.share
        else 0.0
        for place, heading in enumerate(headings)
    ]
    left = WIDTH - sum(widest)
    shares = sum(heading.share for heading in headings)
    return [
        points or left * heading.share / shares
        for points, heading in zip(widest, headings, strict=True)
    ]


def _padded(above: float, left: float = PADDING) -> list[tuple[Any, ...]]:
    every = ((0, 0), (-1, -1))
    return [
        ("TOPPADDING", *every, above),
        ("BOTTOMPADDING", *every, above),
        ("LEFTPADDING", *every, left),
        ("RIGHTPADDING", *every, PADDING),
    ]
