"""Small expressions of an import map, computed exactly.

    Quantity * UnitPrice            InvoiceNo.startswith("C")            slug(Country)

A column whose name is a word is a name; any other is `row["Unit Price"]`. Number columns
are decimals, literals such as 0.19 too, and a division gives a decimal: no float gets in.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from simpleeval import DEFAULT_OPERATORS, InvalidExpression, SimpleEval

MAX_SLUG = 64
UNCOMPUTABLE = (
    InvalidExpression,
    ArithmeticError,  # decimal's errors too
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class ExpressionError(ValueError):
    """An expression that cannot be read or computed; says which and why."""


def slug(text: str) -> str:
    """`text` as a name for URLs: `United Kingdom` → `united-kingdom`; empty if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].rstrip("-")


def _divide(left: Any, right: Any) -> Decimal:
    return Decimal(left) / Decimal(right)


def _refuse_power(left: Any, right: Any) -> Any:
    raise ExpressionError("** is not offered: it leaves the exact numbers")


def _text(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


class _Evaluator(SimpleEval):  # type: ignore[misc]
    """simpleeval without floats and without `**`, which leaves the rational numbers."""

    def __init__(self, source: str) -> None:
        super().__init__(
            operators={**DEFAULT_OPERATORS, ast.Div: _divide, ast.Pow: _refuse_power},
            functions={"slug": slug, "text": _text, "len": len, "abs": abs, "min": min, "max": max},
        )
        self.source = source
        self.nodes[ast.Constant] = self._exact_constant

    def _exact_constant(self, node: ast.Constant) -> object:
        if isinstance(node.value, float):
            return Decimal(ast.get_source_segment(self.source, node) or repr(node.value))
        return self._eval_constant(node)


class Expression:
    """An expression, read once and computed for each row."""

    def __init__(self, source: str) -> None:
        """Raises ExpressionError for text that is not an expression."""
        self.source = source.strip()
        self._evaluator = _Evaluator(self.source)
        try:
            self._parsed = self._evaluator.parse(self.source)
        except (InvalidExpression, SyntaxError, ValueError) as problem:
            raise ExpressionError(f"{source!r} is not an expression: {problem}") from problem

    def names(self) -> set[str]:
        """Names the expression uses, functions apart."""
        nodes = list(ast.walk(self._parsed))
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        words = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called}
        quoted = {
            str(node.slice.value)
            for node in nodes
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "row"
            and isinstance(node.slice, ast.Constant)
        }
        return (words | quoted) - {"row"}

    def value(self, names: Mapping[str, object]) -> Any:
        """The result with these names; raises ExpressionError, naming the expression."""
        self._evaluator.names = {**names, "row": names}
        try:
            found = self._evaluator.eval(self.source, previously_parsed=self._parsed)
        except UNCOMPUTABLE as problem:
            raise ExpressionError(f"{self.source!r} cannot be computed: {problem}") from problem
        if isinstance(found, float):
            raise ExpressionError(f"{self.source!r} gives a float; expected an exact number")
        return found

    def number(self, names: Mapping[str, object]) -> Decimal:
        """The result as a decimal; raises ExpressionError for anything else."""
        found = self.value(names)
        if isinstance(found, bool) or not isinstance(found, (int, Decimal)):
            raise ExpressionError(f"{self.source!r} gives {found!r}; expected a number")
        return Decimal(found)
