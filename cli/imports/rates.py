"""The import of published rates: what is there already is skipped, the rest is decided.

A day that was set with other rates is listed and left alone, unless it is to be corrected: of
two decisions for one source and day the later one counts, for what is decided from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from aggregates.acting import carried
from cli.imports.ecb import BASE, PublishedDay
from cli.progress import bar
from cli.reading import BadOption

if TYPE_CHECKING:
    from aggregates.application import Decisions
    from projections.directory import Directory

WRITERS = 16
"""Decisions under way at once: they travel to the broker in the same batches."""


@dataclass
class RatesReport:
    """What an import of rates did; days as ISO 8601."""

    file: str
    source: str
    written: list[str] = field(default_factory=list)
    already: int = 0
    differing: list[str] = field(default_factory=list)
    """Set before with other rates, and left so."""
    outside: int = 0
    """Before or after the days that were asked for."""


def import_rates(
    directory: Directory,
    ledger: Decisions,
    days: Iterable[PublishedDay],
    report: RatesReport,
    *,
    first: str,
    last: str,
    correct: bool,
    by: str,
) -> None:
    """Decide the days from `first` to `last` (ISO 8601, inclusive; empty: all) that are not
    there. `correct`: also those that are there with other rates. Raises BadOption, with nothing
    decided, for a day of two minds."""
    there = rates_of(directory, report.source)
    missing: dict[str, PublishedDay] = {}
    for day in days:
        earlier = missing.get(day.date)
        if (first and day.date < first) or (last and day.date > last):
            report.outside += 1
        elif earlier is not None and _values(earlier.rates) != _values(day.rates):
            raise BadOption(
                f"{report.file}: {day.date} stands in it twice with different rates; "
                "leave one of them"
            )
        elif day.date not in there:
            missing[day.date] = day
        elif there[day.date] == _values(day.rates):
            report.already += 1
        elif correct:
            missing[day.date] = day
        else:
            report.differing.append(day.date)

    def decide(day: PublishedDay) -> None:
        ledger.set_rates(report.source, day.date, BASE, day.rates, by=by)

    with (
        bar("setting rates", len(missing), "days") as advance,
        ThreadPoolExecutor(WRITERS) as writers,
    ):
        for _ in writers.map(carried(decide), (missing[date] for date in sorted(missing))):
            advance(1)
    report.written = sorted(missing)
    report.differing.sort()


def rates_of(directory: Directory, source: str) -> dict[str, dict[str, Decimal]]:
    """Day → the source's rates that count, for one unit of the ECB's base."""
    return {
        table.date: _values(table.rates)
        for table in directory.rate_tables()
        if table.source == source and table.base == BASE
    }


def _values(rates: dict[str, str]) -> dict[str, Decimal]:
    """The rates as numbers: 1.50 is 1.5."""
    return {currency: Decimal(rate) for currency, rate in rates.items()}
