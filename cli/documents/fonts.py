"""The typeface of our PDFs, embedded, so that a document looks the same everywhere.

Roboto has every letter of the languages written in Latin, Greek and Cyrillic (Vietnamese
included), and figures of one width, which line up in columns. It has no letters of other
scripts (Chinese, Japanese, Korean, Arabic, Hebrew, Armenian, Georgian, Thai, those of India):
these are shown as a box, and the document says so; CSV and JSON hold them as they are.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import font_roboto
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "Roboto"
BOLD = "Roboto-Bold"
BOX = "\N{REPLACEMENT CHARACTER}"
"""What stands for a letter the typeface does not have."""


@cache
def register() -> frozenset[int]:
    """Make the typeface known to the typesetter, once; the characters it has."""
    regular = TTFont(REGULAR, font_roboto.font_files["Roboto"])
    bold = TTFont(BOLD, font_roboto.font_files["RobotoBold"])
    for font in (regular, bold):
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )
    return frozenset(regular.face.charToGlyph) & frozenset(bold.face.charToGlyph)


def legible(text: str) -> str:
    """The text in letters the typeface has; one box for each other. Composed where it can be:
    a letter and the accent after it are one sign."""
    has = register()
    whole = unicodedata.normalize("NFC", text)
    return "".join(" " if sign.isspace() else sign if ord(sign) in has else BOX for sign in whole)


def width(text: str, size: float, font: str = REGULAR) -> float:
    """How wide the text is set, in points."""
    register()
    return float(pdfmetrics.stringWidth(text, font, size))
