"""A value of a map, ready to be read from rows: as text, as an exact number, as a time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from cli.imports.deal_map import FileShape, Source, as_value
from cli.imports.expressions import Expression, ExpressionError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


class NotANumber(ValueError):
    """Text that is no number in the file's way of writing them."""


def number(text: str, shape: FileShape) -> Decimal:
    """`text` as an exact decimal; raises NotANumber."""
    plain = text.strip()
    if shape.thousands:
        plain = plain.replace(shape.thousands, "")
    if shape.decimal != ".":
        # A point that is not the thousands sign would silently change the magnitude.
        plain = plain.replace(".", "?").replace(shape.decimal, ".")
    if not _NUMBER.fullmatch(plain):
        raise NotANumber(f"{text!r}: expected a number such as 1234{shape.decimal}56")
    return Decimal(plain)


def moment(text: str, shape: FileShape) -> int:
    """Milliseconds since 1970 UTC of a date in the file's format; raises ValueError."""
    if shape.date_format == "iso":
        at = datetime.fromisoformat(text.strip())
    else:
        at = datetime.strptime(text.strip(), shape.date_format)
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(shape.timezone))
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


class Field:
    """One key of a map: a column, an expression or a fixed value, and its fallback."""

    def __init__(self, key: str, source: Source, shape: FileShape) -> None:
        self.key = key
        self._shape = shape
        value = as_value(source)
        self._column = value.column
        self._fixed = value.value
        self._expr = Expression(value.expr) if value.expr else None
        self._otherwise = Expression(value.otherwise) if value.otherwise else None

    def given(self, names: Mapping[str, object]) -> str:
        """The text of one row, without the fallback; raises ExpressionError."""
        if self._column:
            return as_text(names[self._column])
        return as_text(self._expr.value(names)) if self._expr else self._fixed

    def text(self, names: Mapping[str, object]) -> str:
        """The text of one row, or the fallback's where that is empty."""
        return self.given(names) or self._fallback(names)

    def shared(self, rows: Sequence[Mapping[str, object]]) -> str:
        """What the rows of one deal agree on: the text that is not empty, else the fallback
        of the first row. Raises ExpressionError when they differ."""
        found = ""
        for names in rows:
            given = self.given(names)
            if given and found and given != found:
                raise ExpressionError(f"the deal's lines say both {found!r} and {given!r}")
            found = found or given
        return found or self._fallback(rows[0])

    def number(self, names: Mapping[str, object]) -> Decimal:
        """The number of one row; raises ExpressionError or NotANumber."""
        if self._expr is not None:
            return self._expr.number(names)
        held = names[self._column] if self._column else self._fixed
        return held if isinstance(held, Decimal) else number(str(held), self._shape)

    def _fallback(self, names: Mapping[str, object]) -> str:
        return as_text(self._otherwise.value(names)) if self._otherwise else ""


def as_text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
