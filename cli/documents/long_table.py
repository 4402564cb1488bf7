"""A table that runs over pages, with its headings on each, in time linear in its rows.

Platypus' own tables copy what is left of them at every page; a year of a busy account would
take minutes. This one knows the height of each row, takes for a page as many as fit, and makes
a table of just those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from reportlab.platypus import Flowable, Paragraph, Table

from cli.documents.fonts import BOLD, REGULAR, width
from cli.documents.look import INK, LEADING, PADDING, RULE, SHADE, SIZE, WIDTH

ABOVE = 2.0
"""Points, above and below the text of a cell."""
LEAST = 2
"""Rows that stay together at the end: a sum does not stand alone on a page."""


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


class LongTable(Flowable):
    """Rows of strings and lists of paragraphs, below headings."""

    def __init__(
        self,
        headings: Sequence[Heading],
        titles: Sequence[str],
        rows: Sequence[Sequence[Any]],
        widths: Sequence[float],
        strong: frozenset[int],
        begins: int = 0,
        ends: Sequence[float] = (),
    ) -> None:
        """`strong`: rows that are sums. `begins`, `ends`: the first row that is left, and where
        each row ends, in points from the first; reckoned once and handed on."""
        super().__init__()
        self._made_of = (headings, titles, rows, widths, strong)
        self._begins = begins
        self._ends = ends or list(accumulate(_height(row, widths) for row in rows))

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        last = self._ends[-1] if self._ends else 0.0
        self.width, self.height = WIDTH, self._heading + last - self._start
        return self.width, self.height

    def split(self, _width: float, height: float) -> list[Flowable]:
        """What fits into `height` points, and the rest; nothing where no row fits."""
        count = len(self._ends)
        fits = self._begins
        while fits < count and self._heading + self._ends[fits] - self._start <= height:
            fits += 1
        fits = min(fits, max(count - LEAST, self._begins))
        if fits == self._begins:
            return []
        return [
            self._table(fits),
            LongTable(*self._made_of, begins=fits, ends=self._ends),
        ]

    def draw(self) -> None:
        table = self._table(len(self._ends))
        table.wrapOn(self.canv, self.width, self.height)
        table.drawOn(self.canv, 0, 0)

    @property
    def _heading(self) -> float:
        return LEADING + 2 * ABOVE

    @property
    def _start(self) -> float:
        return self._ends[self._begins - 1] if self._begins else 0.0

    def _table(self, until: int) -> Table:
        headings, titles, rows, widths, strong = self._made_of
        style: list[tuple[Any, ...]] = [
            ("FONT", (0, 0), (-1, -1), REGULAR, SIZE, LEADING),
            ("FONT", (0, 0), (-1, 0), BOLD, SIZE, LEADING),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), SHADE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, RULE),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, RULE),
            *padded(ABOVE),
        ]
        for column, heading in enumerate(headings):
            if not heading.share and not heading.is_text:
                style.append(("ALIGN", (column, 0), (column, -1), "RIGHT"))
        for place in strong:
            if self._begins <= place < until:
                row = place - self._begins + 1
                style.append(("FONT", (0, row), (-1, row), BOLD, SIZE, LEADING))
        bounds = [self._start, *self._ends[self._begins : until]]
        heights = [self._heading, *(end - start for start, end in pairwise(bounds))]
        cells = [titles, *rows[self._begins : until]]
        return Table(cells, widths, heights, style=style, hAlign="LEFT")


def column_widths(headings: Sequence[Heading], rows: Sequence[Sequence[Cell]]) -> list[float]:
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


def padded(above: float, left: float = PADDING) -> list[tuple[Any, ...]]:
    """The style of cells with this much room around their text, points."""
    every = ((0, 0), (-1, -1))
    return [
        ("TOPPADDING", *every, above),
        ("BOTTOMPADDING", *every, above),
        ("LEFTPADDING", *every, left),
        ("RIGHTPADDING", *every, PADDING),
    ]


def _height(row: Sequence[Any], widths: Sequence[float]) -> float:
    """Points: as high as the highest of its cells."""
    highest = LEADING
    for cell, points in zip(row, widths, strict=True):
        if not isinstance(cell, str):
            parts: list[Paragraph] = cell
            room = points - 2 * PADDING
            highest = max(highest, sum(part.wrap(room, 0)[1] for part in parts))
    return highest + 2 * ABOVE
