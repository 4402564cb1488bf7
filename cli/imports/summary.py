"""The summary of an import, as people read it."""

from __future__ import annotations

import typer

from cli.display import Column, count, print_table, text
from cli.imports.report import Rejected, Report
from cli.money import shown

SHOWN_REASONS = 50
"""Rejected lines and conflicts listed, by reason; all of them stand in the JSON."""
SHOWN_NUMBERS = 5
"""Line numbers listed for one reason."""
SHOWN_PARTNERS = 15


def print_summary(report: Report) -> None:
    """Print counts, sums, partners, and the lines that could not be used."""
    rows = [{"what": "lines read", "count": f"{report.lines:,}"}]
    rows += [{"what": what, "count": f"{number:,}"} for what, number in report.counts.items()]
    rows += [
        {"what": f"  {reason}", "count": f"{number:,}"}
        for reason, number in report.invalid.most_common()
    ]
    for currency, sums in report.amounts.items():
        rows += [{"what": what, "count": shown(amount, currency)} for what, amount in sums.items()]
    rows += [{"what": f"{what} created", "count": f"{n:,}"} for what, n in report.made.items()]
    rows += [
        {"what": "already in the ledger", "count": f"{report.already:,}"},
        {"what": "written", "count": f"{0 if report.dry_run else report.written:,}"},
        {"what": "conflicts", "count": f"{len(report.conflicts):,}"},
        {"what": "lines not used", "count": f"{len(report.rejected):,}"},
    ]
    print_table(rows, [text("", "what"), Column("", lambda row: str(row["count"]), right=True)])
    _partners(report)
    _lines("Conflicts, not written", report.conflicts)
    _lines("Lines not used", report.rejected)
    typer.echo(report.conclusion())


def _partners(report: Report) -> None:
    if not report.partners:
        return
    rows = [
        {"partner": partner, "records": number}
        for partner, number in report.partners.most_common(SHOWN_PARTNERS)
    ]
    print_table(rows, [text("partner", "partner"), count("records", "records")])
    if len(report.partners) > SHOWN_PARTNERS:
        typer.echo(f"… and {len(report.partners) - SHOWN_PARTNERS} more partners (--json has all)")


def _lines(title: str, lines: list[Rejected]) -> None:
    """List lines by number; those that share a field and a reason stand together."""
    if not lines:
        return
    alike: dict[tuple[str, str], list[int]] = {}
    for entry in sorted(lines, key=lambda entry: entry.line):
        alike.setdefault((entry.field, entry.reason), []).append(entry.line)
    rows = [
        {"lines": _numbers(numbers), "field": field, "reason": reason}
        for (field, reason), numbers in list(alike.items())[:SHOWN_REASONS]
    ]
    columns = [text("line", "lines"), text("field", "field"), text("reason", "reason")]
    print_table(rows, columns, title=f"{title}: {len(lines):,}")
    if len(alike) > SHOWN_REASONS:
        typer.echo(f"… and {len(alike) - SHOWN_REASONS} more (--json has all)")


def _numbers(lines: list[int]) -> str:
    first = ", ".join(str(line) for line in lines[:SHOWN_NUMBERS])
    more = len(lines) - SHOWN_NUMBERS
    return f"{first} and {more:,} more" if more > 0 else first
