"""Rows of an order list (CSV or JSON lines), as text and decimals, collected into deals.

A deal whose lines are not all readable is left out whole: its sum would be wrong. Every
unreadable line is listed, and the deal's other lines with it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cli.imports.deal_map import DealMap, FileShape, MapError
from cli.imports.expressions import Expression, ExpressionError
from cli.imports.files import kind
from cli.imports.map_fields import Field, NotANumber, number
from cli.imports.order_lines import SUFFIXES, json_columns, json_records
from cli.imports.report import Report


@dataclass(frozen=True)
class Row:
    line: int
    names: dict[str, object]
    """Column → text, or Decimal for the map's number columns."""


@dataclass
class Order:
    """The lines of one deal or refund."""

    id: str
    rows: list[Row] = field(default_factory=list)

    @property
    def line(self) -> int:
        return self.rows[0].line


def read_orders(path: Path, shape: DealMap, report: Report) -> list[Order]:
    """The orders of a file by first line; what cannot be read goes to `report`.

    Raises MapError for a column that the map names and the file doesn't have.
    """
    orders: dict[str, Order] = {}
    broken: dict[str, int] = {}
    order_id = Field("deal.id", shape.deal.id, shape.file)
    for line, texts, problem in _records(path, shape, report):
        names: dict[str, object] = dict(texts)
        for column in shape.file.numbers:
            try:
                names[column] = number(texts[column], shape.file)
            except NotANumber as bad:
                problem = problem or (column, str(bad))
        try:
            found = order_id.text(names)
        except ExpressionError as bad:
            found, problem = "", problem or ("deal.id", str(bad))
        if not found and problem is None:
            problem = ("deal.id", "empty; expected the id that the lines of a deal share")
        if problem is not None:
            report.reject(line, *problem)
            broken.setdefault(found, line)
            continue
        orders.setdefault(found, Order(found)).rows.append(Row(line, names))
    return [order for order in orders.values() if not _is_broken(order, broken, report)]


def _is_broken(order: Order, broken: dict[str, int], report: Report) -> bool:
    if order.id not in broken:
        return False
    for row in order.rows:
        report.reject(
            row.line, "deal.id", f"left out: line {broken[order.id]} of {order.id} is unusable"
        )
    return True


_Problem = tuple[str, str] | None


def _records(
    path: Path, shape: DealMap, report: Report
) -> Iterator[tuple[int, dict[str, str], _Problem]]:
    if kind(path) in SUFFIXES:
        columns = json_columns(path)
        check_columns(path, shape, columns)
        yield from json_records(path, shape, columns, report)
    else:
        yield from _csv_records(path, shape, report)


def _csv_records(
    path: Path, shape: DealMap, report: Report
) -> Iterator[tuple[int, dict[str, str], _Problem]]:
    encoding = "utf-8-sig" if shape.file.encoding.lower() in {"utf-8", "utf8"} else None
    # Bytes that are not of the encoding are smuggled through as surrogates and told by line.
    with path.open(
        encoding=encoding or shape.file.encoding, errors="surrogateescape", newline=""
    ) as file:
        reader = csv.reader(
            file, delimiter=shape.file.delimiter, quotechar=shape.file.quote, strict=True
        )
        header = next(reader, [])
        check_columns(path, shape, header)
        ended = reader.line_num
        while True:
            line = ended + 1
            try:
                values = next(reader, None)
            except csv.Error as problem:
                report.lines += 1
                report.reject(line, "line", f"not CSV: {problem}")
                ended = reader.line_num
                continue
            ended = reader.line_num
            if values is None:
                return
            if not values:
                continue
            report.lines += 1
            yield line, _named(header, values), _shape_problem(header, values, shape.file)


def _named(header: list[str], values: list[str]) -> dict[str, str]:
    padded = values + [""] * (len(header) - len(values))
    return dict(zip(header, padded, strict=False))


def _shape_problem(header: list[str], values: list[str], shape: FileShape) -> _Problem:
    if len(values) != len(header):
        return ("line", f"{len(values)} fields; the header has {len(header)}")
    for column, value in zip(header, values, strict=True):
        if not value.isascii() and any("\udc80" <= char <= "\udcff" for char in value):
            return (column, f"not {shape.encoding}; set file.encoding, for example cp1252")
    return None


def check_columns(path: Path, shape: DealMap, header: list[str]) -> None:
    """Raises MapError, with the key's path, for a column that is not in the header."""
    have = f"{path} has the columns {', '.join(header)}" if header else f"{path} is empty"
    if any(not char.isprintable() for char in have):
        have = f"{path} does not begin with a line of text in {shape.file.encoding} (file.encoding)"
    for column in shape.file.numbers:
        if column not in header:
            raise MapError(f"file.numbers: no column {column!r}; {have}")
    expressions = [("refund.when", shape.refund.when)] if shape.refund else []
    for key, value in shape.sources():
        if value.column and value.column not in header:
            raise MapError(f"{key}: no column {value.column!r}; {have}")
        expressions += [(key, text) for text in (value.expr, value.otherwise) if text]
    for key, text in expressions:
        for name in sorted(Expression(text).names() - {"amount", "True", "False", "None"}):
            if name not in header:
                raise MapError(f"{key}: {text!r} uses {name!r}, which is no column; {have}")
