"""`pledger rates`: what currencies are worth, as a decision with its source and day.

A partner that is paid in another currency than the program's is paid at the newest rates
published for the day of the deal or one of the ten days before; the entry pins them. What is
booked never changes by rates that come later.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.display import AsJson, By, Column, print_json, say, show, text
from cli.ledger import decisions, directory
from cli.reading import BadOption, iso, moment
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Rates of exchange, by source and day.")

Source = Annotated[str, typer.Option(help="Who published them.")]
ECB = "ecb"
MAX_SHOWN = 8
"""Rates of a day that a table shows; all stand in the JSON."""


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    since: Annotated[str, typer.Option("--from", help="First day, as 2025-01-01.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day, inclusive.")] = "",
    source: Source = ECB,
    correct: Annotated[
        bool, typer.Option("--correct", help="Set days anew that are there with other rates.")
    ] = False,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Import reference rates as the European Central Bank publishes them.

    Takes eurofxref-daily.xml and eurofxref-hist.xml, eurofxref.csv and eurofxref-hist.csv,
    and these zipped. Days that are there are skipped.

    Examples:

        pledger rates import eurofxref-daily.xml

        pledger rates import eurofxref-hist.zip --from 2025-01-01
    """
    from cli.imports.ecb import read_days
    from cli.imports.rates import RatesReport, import_rates

    first, last = day("--from", since), day("--to", until)
    if first and last and last < first:
        raise BadOption(f"--to {until!r} is before --from {since!r}")
    settings = settings_of(home)
    days = list(read_days(file))
    report = RatesReport(str(file), source)
    with directory(settings) as follower, decisions(settings) as ledger:
        import_rates(
            follower.directory,
            ledger,
            days,
            report,
            first=first,
            last=last,
            correct=correct,
            by=by,
        )
    if as_json:
        print_json(vars(report))
        return
    typer.echo(_summary(len(days), report))


@app.command("set")
def set_rates(
    date: Annotated[str, typer.Argument(help="The day, as 2026-11-20.")],
    rates: Annotated[list[str], typer.Argument(help="CURRENCY=RATE, as USD=1.0832.")],
    source: Source,
    base: Annotated[str, typer.Option(help="One of it is RATE of each currency.")] = "EUR",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Set the rates of a day by hand; again with other rates corrects all of them.

    Example:

        pledger rates set 2026-11-20 USD=1.0832 GBP=0.8341 --source treasury
    """
    table: dict[str, str] = {}
    for pair in rates:
        currency, sign, rate = pair.partition("=")
        if not sign or currency.upper() in table:
            raise BadOption(f"{pair!r}: expected CURRENCY=RATE, as USD=1.0832, each once")
        table[currency.strip().upper()] = rate.strip()
    with decisions(settings_of(home)) as ledger:
        ledger.set_rates(source, day("DATE", date), base.upper(), table, by=by)
    said = ", ".join(f"{rate} {currency}" for currency, rate in table.items())
    say(
        f"rates of {source} for {date} set: 1 {base.upper()} = {said}",
        {"source": source, "date": date, "base": base.upper(), "rates": table},
        as_json=as_json,
    )


@app.command("list")
def list_rates(
    source: Annotated[str, typer.Option(help="Only those of one source.")] = "",
    since: Annotated[str, typer.Option("--from", help="First day.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day, inclusive.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the rates that were set, by day; of a day that was corrected the last.

    Example:

        pledger rates list --from 2026-11-01 --source ecb
    """
    first, last = day("--from", since), day("--to", until)
    with directory(settings_of(home)) as follower:
        newest = {
            (table.date, table.source): table
            for table in follower.directory.rate_tables()
            if (not source or table.source == source)
            and (not first or table.date >= first)
            and (not last or table.date <= last)
        }
    rows = [
        {
            "date": table.date,
            "source": table.source,
            "base": table.base,
            "rates": table.rates,
            "position": table.position,
        }
        for _, table in sorted(newest.items())
    ]
    columns = [
        text("day", "date"),
        text("source", "source"),
        Column("one", lambda row: f"1 {row['base']}"),
        Column("is", _some_rates),
        text("decided at", "position"),
    ]
    show(rows, columns, as_json=as_json, empty="no rates; import some: pledger rates import FILE")


@app.command("show")
def show_rate(
    base: Annotated[str, typer.Argument(help="One of this currency …")],
    quote: Annotated[str, typer.Argument(help="… in this one.")],
    date: Annotated[str, typer.Option(help="Of a deal on this day; default: today.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the rate that a deal on a day is converted at. Exit code 1 when there is none.

    Example:

        pledger rates show USD GBP --date 2026-11-20
    """
    at = moment("--date", day("--date", date)) if date else time.time_ns() // 1_000_000
    base, quote = base.upper(), quote.upper()
    with directory(settings_of(home)) as follower:
        known = follower.directory
        found = known.rate(base, quote, at, known.count)
    if found is None:
        raise BadOption(
            f"no rate {base}/{quote} for {iso(at)[:10]} or the ten days before; set one: "
            "pledger rates import, or pledger rates set"
        )
    rate = found.rate
    say(
        f"1 {base} = {rate.rate} {quote}  ({rate.source}, {rate.date}, {rate.position})",
        {"base": base, "quote": quote, **_fields(rate)},
        as_json=as_json,
    )


def day(option: str, text: str) -> str:
    """A calendar day, ISO 8601; empty stays empty. Raises BadOption."""
    if not text:
        return ""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        raise BadOption(f"{option} {text!r}: expected a day as 2026-11-20") from None


def _some_rates(row: Any) -> str:
    pairs = [f"{rate} {currency}" for currency, rate in row["rates"].items()]
    more = len(pairs) - MAX_SHOWN
    return ", ".join(pairs[:MAX_SHOWN]) + (f", … {more} more" if more > 0 else "")


def _fields(rate: Any) -> dict[str, str]:
    import msgspec

    found: dict[str, str] = msgspec.to_builtins(rate)
    return found


def _summary(days: int, report: Any) -> str:
    written = report.written
    said = f"{len(written)} of {days} days set"
    if written:
        said += f", {written[0]} to {written[-1]}" if len(written) > 1 else f": {written[0]}"
    if report.already:
        said += f"; {report.already} were there already"
    if report.outside:
        said += f"; {report.outside} outside the days asked for"
    if report.differing:
        some = ", ".join(report.differing[:MAX_SHOWN])
        said += (
            f"; {len(report.differing)} are there with other rates and stay ({some}): "
            "--correct sets them anew"
        )
    return said
