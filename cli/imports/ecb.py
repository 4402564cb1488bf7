"""Reference rates of exchange as the European Central Bank publishes them.

    eurofxref-daily.xml, eurofxref-hist.xml     gesmes XML: a Cube a day, a Cube a currency
    eurofxref.csv, eurofxref-hist.csv           a column a currency, `N/A` where there is none
    eurofxref.zip, eurofxref-hist.zip           the same CSV, zipped

One euro is `rate` of each currency. Rates are kept as the text that was published: they are
exact decimals, and nothing here reckons with them. XML comes from elsewhere, so it is read
by a parser that refuses entities and outside references.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from cli.reading import BadOption

BASE = "EUR"
SOURCE = "ecb"
CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
DAILY_DATE = "%d %B %Y"
"""`20 November 2026`, as the daily CSV writes it; the history has ISO 8601."""
ABSENT = {"", "N/A"}


@dataclass(frozen=True)
class PublishedDay:
    """The rates of one day: one euro is `rates[currency]` of each."""

    date: str
    """ISO 8601."""
    rates: dict[str, str]
    """ISO 4217 code, as it was then → decimal."""


def read_days(path: Path) -> Iterator[PublishedDay]:
    """The days of a file, in its order (the newest first). Raises BadOption, naming the place."""
    with _opened(path) as (name, content):
        if name.lower().endswith(".xml"):
            yield from _from_xml(path, content)
        elif name.lower().endswith(".csv"):
            yield from _from_csv(path, content)
        else:
            raise BadOption(f"{name}: expected a file that ends in .xml, .csv or .zip")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and bytes of the file, or of the one file in a zip."""
    if path.suffix.lower() != ".zip":
        with path.open("rb") as content:
            yield path.name, content
        return
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
            if len(names) != 1:
                raise BadOption(f"{path}: {len(names)} files in the zip, expected the one CSV")
            with packed.open(names[0]) as content:
                yield names[0], content
    except zipfile.BadZipFile as problem:
        raise BadOption(f"{path}: {problem}; download it again") from problem


def _from_xml(path: Path, content: IO[bytes]) -> Iterator[PublishedDay]:
    days = 0
    try:
        for _, cube in iterparse(content, events=("end",), forbid_dtd=True):
            if cube.tag != CUBE or "time" not in cube.attrib:
                continue
            where = f"{path}: Cube time={cube.attrib['time']!r}"
            pairs = [(one.get("currency", ""), one.get("rate", "")) for one in cube]
            yield _day(where, cube.attrib["time"], pairs)
            days += 1
            cube.clear()  # the history has thousands
    except (ParseError, DefusedXmlException) as problem:
        raise BadOption(f"{path}: {problem}; expected the ECB's eurofxref XML") from problem
    if not days:
        raise BadOption(f"{path}: no Cube with a time; expected the ECB's eurofxref XML")


def _from_csv(path: Path, content: IO[bytes]) -> Iterator[PublishedDay]:
    lines = csv.reader(io.TextIOWrapper(content, encoding="utf-8-sig", newline=""))
    try:
        header = _cells(next(lines, []))
        if header[:1] != ["Date"]:
            raise BadOption(f"{path}: line 1: expected the heading Date,USD,JPY,…")
        for number, line in enumerate(lines, 2):
            cells = _cells(line)
            if not cells:
                continue
            if len(cells) != len(header):
                raise BadOption(
                    f"{path}: line {number}: {len(cells)} columns, the heading has {len(header)}"
                )
            pairs = list(zip(header[1:], cells[1:], strict=True))
            yield _day(f"{path}: line {number}", cells[0], pairs)
    except (csv.Error, UnicodeDecodeError) as problem:
        raise BadOption(f"{path}: {problem}; expected the ECB's eurofxref CSV") from problem


def _cells(line: list[str]) -> list[str]:
    """The cells of a line, without the empty one behind its last comma."""
    cells = [cell.strip() for cell in line]
    return cells[:-1] if cells and not cells[-1] else cells


def _day(where: str, day: str, pairs: list[tuple[str, str]]) -> PublishedDay:
    rates: dict[str, str] = {}
    for currency, rate in pairs:
        if not currency or rate in ABSENT:
            continue
        if not _is_positive(rate):
            raise BadOption(f"{where}: {currency} {rate!r}: expected a rate more than zero")
        if currency in rates:
            raise BadOption(
                f"{where}: {currency} {rate!r}: expected each currency once a day; "
                f"it is {rates[currency]!r} too"
            )
        rates[currency] = rate
    if not rates:
        raise BadOption(f"{where}: no rates")
    return PublishedDay(_iso_date(where, day), rates)


def _is_positive(rate: str) -> bool:
    try:
        number = Decimal(rate)
    except InvalidOperation:
        return False
    return number.is_finite() and number > 0


def _iso_date(where: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        return datetime.strptime(text, DAILY_DATE).date().isoformat()
    except ValueError:
        raise BadOption(
            f"{where}: date {text!r}: expected 2026-11-20 or 20 November 2026"
        ) from None
