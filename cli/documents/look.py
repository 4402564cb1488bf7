"""How our paper looks: its measures, its colors, the styles of its text."""

from __future__ import annotations

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from cli.documents.fonts import BOLD, REGULAR

MARGIN = 16 * mm
HEAD = 14 * mm
"""Height above the text for the head, and below it for the foot."""
WIDTH = A4[0] - 2 * MARGIN
HEADED = 30 * mm
"""Height a section needs at the foot of a page; else it begins on the next."""
SIZE = 8.0
LEADING = SIZE * 1.3
"""Points, of the text in tables, and from line to line."""
PADDING = 3.0
"""Points, left and right of a cell."""
INK, GRAY, RULE, SHADE = (HexColor(c) for c in ("#1a1a1a", "#666666", "#b8b8b8", "#f1f1f1"))

BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=SIZE, leading=LEADING, textColor=INK,
                      splitLongWords=1)  # fmt: skip
STRONG = ParagraphStyle("strong", BODY, fontName=BOLD)
SMALL = ParagraphStyle("small", BODY, fontSize=7, leading=9.2, textColor=GRAY)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=17, leading=21, spaceAfter=3 * mm)
SECTION = ParagraphStyle(
    "section", BODY, fontName=BOLD, fontSize=11, leading=14, spaceBefore=6 * mm, spaceAfter=2 * mm,
)  # fmt: skip
