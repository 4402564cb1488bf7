"""Paper: a PDF of headings, facts and tables, with a head and `page x of y` on every page.

Set with ReportLab's Platypus: tables run over pages and repeat their headings, numbers stand
right in columns as wide as the widest of them, text wraps in what is left. The same input
gives the same bytes (`invariant`): no date and no chance gets into a document.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from cli.documents.fonts import BOLD, BOX, REGULAR, legible, register, width
from cli.documents.long_table import Cell, Heading, LongTable, Text, column_widths, padded
from cli.documents.look import (
    BODY,
    GRAY,
    HEAD,
    HEADED,
    INK,
    MARGIN,
    PADDING,
    RULE,
    SECTION,
    SIZE,
    SMALL,
    STRONG,
    TITLE,
    WIDTH,
)

__all__ = ["Cell", "Heading", "Pages", "Text"]

LONGEST = 1_000
"""Characters of a cell: a row must fit on a page. CSV and JSON hold all of it."""
MISSING = (
    f"Letters of scripts other than Latin, Greek and Cyrillic are shown as {BOX}; the CSV and JSON "
    "of this document hold them as they are."
)


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

    def text(self, text: str, *, strong: bool = False) -> None:
        """A sentence of its own."""
        below = [Spacer(0, 2 * mm)] if strong else []
        self._story += [Spacer(0, 1 * mm), self._set(text, STRONG if strong else BODY), *below]

    def figure(self, drawn: Any, caption: str) -> None:
        """Something drawn, a ReportLab flowable, with what it shows below; kept on one page."""
        below = self._set(caption, SMALL)
        self._story.append(KeepTogether([Spacer(0, 2 * mm), drawn, Spacer(0, 1 * mm), below]))

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Names and values, one a line."""
        names = max(width(name, SIZE, BOLD) for name, _ in facts) + 4 * PADDING
        rows = [[self._set(name, STRONG), self._set(value, BODY)] for name, value in facts]
        style = [("VALIGN", (0, 0), (-1, -1), "TOP"), *padded(1.2, left=0)]
        self._story.append(Table(rows, [names, WIDTH - names], style=style, hAlign="LEFT"))

    def table(
        self,
        headings: Sequence[Heading],
        rows: Sequence[Sequence[Cell]],
        strong: Sequence[int] = (),
    ) -> None:
        """A table; `strong`: numbers of the rows that are sums."""
        widths = column_widths(headings, rows)
        emphasized = frozenset(strong)
        cells = [
            [
                self._cell(cell, points, BOLD if place in emphasized else REGULAR)
                for cell, points in zip(row, widths, strict=True)
            ]
            for place, row in enumerate(rows)
        ]
        titles = [self._legible(heading.title) for heading in headings]
        self._story.append(LongTable(headings, titles, cells, widths, emphasized))

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
        shown = self._legible(text if len(text) <= LONGEST else text[:LONGEST] + "…")
        if not below and "\n" not in shown and width(shown, SIZE, font) <= points - 2 * PADDING:
            return shown
        first = Paragraph(escape(shown), STRONG if font == BOLD else BODY)
        return [first, *(self._set(line[:LONGEST], SMALL) for line in below)]


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
