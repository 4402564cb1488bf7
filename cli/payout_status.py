"""`pledger payouts import-status`: what the bank booked and what came back, told to the payouts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.display import AsJson, By, print_json
from cli.ledger import decisions
from cli.reading import BadOption
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from cli.payments.status import Report
    from cli.payments.told import Told

SHOWN_UNKNOWN = 10
"""Lines about payments that are not this ledger's; the rest are counted."""


def add_commands(app: typer.Typer) -> None:
    """Add `import-status`."""
    app.command("import-status")(import_status)


def import_status(
    file: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    shape: Annotated[
        str, typer.Option("--format", help="camt.054 or csv; default: by the file's content.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="FIELD=COLUMN, for csv; several times."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")
    ] = False,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Read what a bank or a provider says of payments: ISO 20022 camt.054, or CSV.

    A payment that was booked settles its payout; one that came back makes the money available
    again, with the reason. Unknown payments, other amounts and other currencies are reported
    and change nothing; so does the same file again. Exit code 1 when a payout of this ledger
    is told something that does not fit.

    Examples:

        pledger payouts import-status notification.xml --by ann

        pledger payouts import-status paypal.csv --column "payout=Unique ID"
    """
    from cli.payments.status import take

    lines = _read(file, shape, column or [])
    with decisions(settings_of(home)) as ledger:
        report = take(ledger, lines, by or file.name, write=not dry_run)
    _print(report, as_json, dry_run)
    if any(not odd.unknown for odd in report.odd):
        raise typer.Exit(1)


def _read(file: Path, shape: str, column: list[str]) -> Iterable[Told]:
    from cli.payments.camt054 import camt054
    from cli.payments.status_table import COLUMNS, status_table

    content = file.read_bytes()
    shape = shape or ("camt.054" if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<" else "csv")
    if shape == "camt.054":
        return camt054(content, file.name)
    if shape != "csv":
        raise BadOption(f"--format {shape!r}: expected camt.054 or csv")
    columns: dict[str, str] = {}
    for pair in column:
        ours, equals, theirs = pair.partition("=")
        if not equals or ours not in COLUMNS:
            raise BadOption(f"--column {pair!r}: expected FIELD=COLUMN; {', '.join(COLUMNS)}")
        columns[ours] = theirs
    return status_table(content, file.name, columns)


def _print(report: Report, as_json: bool, dry_run: bool) -> None:
    if as_json:
        odd = [vars(line) for line in report.odd]
        print_json({"dry_run": dry_run, "counts": dict(report.counts), "reported": odd})
        return
    told = ", ".join(f"{count} {step}" for step, count in sorted(report.counts.items()))
    typer.echo(("would be: " if dry_run else "") + (told or "nothing of this ledger"))
    unknown = [line for line in report.odd if line.unknown]
    for line in [line for line in report.odd if not line.unknown] + unknown[:SHOWN_UNKNOWN]:
        typer.echo(f"{line.where}: {line.reference or 'no reference'}: {line.problem}")
    if len(unknown) > SHOWN_UNKNOWN:
        typer.echo(f"… and {len(unknown) - SHOWN_UNKNOWN} more that are no payouts of this ledger")
