"""The map of an order list: what a program's CSV file means, written in TOML.

    name = "online-retail"              # begins every event_id: keep it for the next file
    program = "shop"

    [file]
    date_format = "%m-%d-%Y %H:%M"      # or "iso"
    numbers = ["Quantity", "UnitPrice"] # columns that are decimal numbers

    [deal]
    id = "InvoiceNo"                    # lines with the same id are one deal
    occurred_at = "InvoiceDate"
    amount = { expr = "Quantity * UnitPrice" }      # of one line; the lines are added up
    currency = { value = "GBP" }
    customer = { column = "CustomerID", otherwise = "'guest-' + InvoiceNo" }
    partner = { expr = "slug(Country)" }

    [refund]
    when = "InvoiceNo.startswith('C')"

Where a value is asked for, text names a column; `{ expr = "…" }` computes, `{ value = "…" }`
is the same for all, and `otherwise` is an expression for rows where the first is empty.
An unknown or missing key is an error that names its path in the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from cli.imports.expressions import Expression, ExpressionError
from cli.money import Rounding
from events.ids import BadId, slug


class MapError(ValueError):
    """A map that cannot be used; says the file, the key's path and the remedy."""


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field of a deal comes from: exactly one of column, expr and value."""

    column: str = ""
    expr: str = ""
    value: str = ""
    otherwise: str = ""


Source = str | Value


class FileShape(Struct, frozen=True, forbid_unknown_fields=True):
    date_format: str
    """strptime's, or `iso`."""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    decimal: Literal[".", ","] = "."
    thousands: str = ""
    """Sign that groups digits, dropped from numbers."""
    numbers: tuple[str, ...] = ()
    timezone: str = "UTC"
    """Of dates that name none."""


class DealShape(Struct, frozen=True, forbid_unknown_fields=True):
    id: Source
    occurred_at: Source
    amount: Source
    currency: Source
    customer: Source
    partner: Source = ""
    coupon: Source = ""
    click: Source = ""
    tax: Source = ""
    shipping: Source = ""
    product: Source = ""
    """With it every line becomes an item of the deal."""
    quantity: Source = ""
    category: Source = ""
    kind: Source = Value(value="sale")
    country: Source = ""
    """ISO 3166-1 alpha-2."""
    identity: Source = ""
    """The same for the same person under any customer id, such as a hash of an address."""
    unit: Literal["major", "minor"] = "major"
    """Whether amounts are written as 12.34 or as 1234."""
    rounding: Rounding = "refuse"


class RefundShape(Struct, frozen=True, forbid_unknown_fields=True):
    when: str
    """Expression over the deal's first line and `amount`, the sum of its lines."""
    deal: Source = ""
    """The deal it refunds; empty: the customer's newest with an amount left."""
    reason: Source = ""


class DealMap(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    file: FileShape
    deal: DealShape
    program: str = ""
    refund: RefundShape | None = None

    def sources(self) -> Iterator[tuple[str, Value]]:
        """Every value that is given, with the path of its key."""
        for section, shape in (("deal", self.deal), ("refund", self.refund)):
            for key in shape.__struct_fields__ if shape else ():
                found = getattr(shape, key)
                if key in {"unit", "rounding", "when"} or found == "":
                    continue
                yield f"{section}.{key}", as_value(found)


def as_value(source: Source) -> Value:
    return Value(column=source) if isinstance(source, str) else source


def read_map(path: Path) -> DealMap:
    """The map in a TOML file; raises MapError."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise MapError(f"{path}: not TOML: {problem}") from problem
    return map_of(found, str(path))


def map_of(found: object, where: str) -> DealMap:
    """`found` as a checked map; `where` names its origin in errors."""
    try:
        checked = msgspec.convert(found, DealMap)
    except msgspec.ValidationError as problem:
        raise MapError(f"{where}: {_path_first(str(problem))}") from problem
    try:
        slug("name", checked.name)
        if checked.program:
            slug("program", checked.program)
    except BadId as problem:
        raise MapError(f"{where}: {problem}") from problem
    for key, value in checked.sources():
        _check_value(where, key, value)
    if checked.refund is not None:
        _check_expression(where, "refund.when", checked.refund.when)
    _check_file(where, checked.file)
    return checked


def _path_first(problem: str) -> str:
    """msgspec's "… - at `$.deal.amount`" as "deal.amount: …"."""
    text, _, path = problem.partition(" - at `$")
    key = path.rstrip("`").lstrip(".") or "the file"
    return f"{key}: {text}; see docs/imports.md for the keys of a map"


def _check_value(where: str, key: str, value: Value) -> None:
    given = [name for name in ("column", "expr", "value") if getattr(value, name)]
    if len(given) != 1:
        raise MapError(
            f"{where}: {key}: expected exactly one of column, expr and value, found "
            + (" and ".join(given) or "none")
        )
    for name in ("expr", "otherwise"):
        if text := getattr(value, name):
            _check_expression(where, f"{key}.{name}", text)


def _check_expression(where: str, key: str, text: str) -> None:
    try:
        Expression(text)
    except ExpressionError as problem:
        raise MapError(f"{where}: {key}: {problem}") from problem


def _check_file(where: str, shape: FileShape) -> None:
    for key in ("delimiter", "quote"):
        if len(getattr(shape, key)) != 1:
            raise MapError(f"{where}: file.{key}: expected one character, for example ';'")
    if shape.thousands and shape.thousands == shape.decimal:
        raise MapError(f"{where}: file.thousands: the same sign as file.decimal; leave it out")
    try:
        "".encode(shape.encoding)
    except LookupError as problem:
        raise MapError(f"{where}: file.encoding: {problem}; for example utf-8, cp1252") from problem
    try:
        ZoneInfo(shape.timezone)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise MapError(
            f"{where}: file.timezone: {problem}; for example UTC, Europe/London"
        ) from problem
