"""`pledger reconcile deals`: conversions held against the export of a shop or a provider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.log import DEFAULT_PATIENCE_S
from cli.audit_parts import Patience
from cli.display import AsJson, print_json
from cli.reading import BadOption, moment
from cli.reconcile_display import (
    CSV,
    counted,
    csv_rows,
    mismatch_rows,
    print_mismatches,
    print_sums,
    sums_rows,
)
from cli.reconcile_parts import SHOWN, AsCsv, Most, comparing, end, one_form, print_csv
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from audit.reconcile.conversions import Sold
    from audit.reconcile.deals import DealsReport
    from events.settings import Settings

WORDS: dict[str, str] = {
    "not_here": "in the export, not in the ledger",
    "refused_here": "in the export, refused by the ledger",
    "not_there": "in the ledger, not in the export",
    "amount": "another amount",
    "currency": "another currency",
    "twice_there": "counted more than once in the export",
    "twice_here": "recorded more than once in the ledger",
    "refund": "refunded by another amount",
    "refund_not_here": "refunded in the export, not in the ledger",
    "refund_not_there": "refunded in the ledger, not in the export",
    "unreadable": "lines of the export that cannot be used",
}
"""Kind of mismatch → what it means."""


def deals(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines.", exists=True, dir_okay=False)],
    map_file: Annotated[
        Path,
        typer.Option(
            "--map", help="TOML file that says what the columns mean.", exists=True, dir_okay=False
        ),
    ],
    program: Annotated[str, typer.Option(help="The program; default: the map's.")] = "",
    refunded: Annotated[
        str, typer.Option(help="Column with what was given back of each order.")
    ] = "",
    since: Annotated[
        str, typer.Option("--from", help="ISO 8601; default: the export's first day.")
    ] = "",
    until: Annotated[
        str, typer.Option("--to", help="ISO 8601, exclusive; default: after its last day.")
    ] = "",
    patience: Patience = DEFAULT_PATIENCE_S,
    show: Most = SHOWN,
    home: Home = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Compare a program's deals and refunds with what a shop sold and gave back.

    The map is that of `pledger import deals`. Deals are compared by id: amount, currency and
    refunds. What happened within the days of the export must be in it.

    Examples:

        pledger reconcile deals orders.csv --map orders.toml --program shop

        pledger reconcile deals charges.jsonl --map charges.toml --refunded amount_refunded
    """
    with comparing():
        one_form(as_json, as_csv)
        from audit.reconcile.deals import reconcile_deals
        from cli.imports.deal_map import MapError, read_map
        from cli.reconcile_export import read_export

        settings = settings_of(home)
        shape = read_map(map_file)
        program = program or shape.program
        if not program:
            raise MapError(f'{map_file}: no program; add program = "…" or give --program')
        _require_program(settings, program)
        export, first, last = read_export(file, shape, program, refunded)
        starts = moment("--from", since) if since else first
        ends = moment("--to", until) if until else last
        if ends <= starts:
            raise BadOption(f"--to {until!r} is not after --from {since!r}")
        report = reconcile_deals(_sold(settings, program, patience), export, starts, ends)
    _print(report, show, as_csv=as_csv, as_json=as_json)
    end(report.is_equal)


def _require_program(settings: Settings, program: str) -> None:
    from cli.asked import program_of
    from cli.ledger import directory

    with directory(settings) as follower:
        program_of(follower.directory, program)


def _sold(settings: Settings, program: str, patience: float) -> Sold:
    """The program's deals and refunds, waiting for those that are yet to be attributed."""
    from audit.log import KafkaLog, read_patiently
    from audit.reconcile.conversions import Sold, take_outcomes, take_partition
    from cli.progress import bar
    from events.attributions import Attribution
    from events.topics import ATTRIBUTIONS, CONVERSIONS

    log = KafkaLog(settings.broker)
    ends = log.ends(CONVERSIONS)
    sold = Sold()
    with bar("reading the log", sum(ends.values()), "records") as advance:
        for partition, stop in sorted(ends.items()):
            decided: dict[int, Attribution] = {}

            def enough(found: dict[int, Attribution] = decided, wanted: int = stop) -> bool:
                return len(found) >= wanted

            take_outcomes(read_patiently(log, ATTRIBUTIONS, partition, patience, enough), decided)
            take_partition(sold, program, log.read(CONVERSIONS, partition, 0, stop), decided)
            advance(stop)
    return sold


def _print(report: DealsReport, show: int, *, as_csv: bool, as_json: bool) -> None:
    if as_csv:
        print_csv(CSV, csv_rows(report.mismatches))
    elif as_json:
        print_json(
            {
                "agrees": report.is_equal,
                "deals": report.deals,
                "refunds": report.refunds,
                "differences": mismatch_rows(report.mismatches),
                "sums": sums_rows(report.sums),
                "uncredited": report.uncredited,
                "waiting": report.waiting,
            }
        )
    else:
        print_mismatches(report.mismatches, WORDS, "deal", show)
        print_sums(report.sums, WORDS, "the export")
        typer.echo(
            f"{counted(report.deals, 'deal')} and {counted(report.refunds, 'refund')} agree; "
            + ("nothing differs" if report.is_equal else f"{len(report.mismatches):,} differ")
        )
        for reason, count in sorted(report.uncredited.items()):
            typer.echo(f"{counted(count, 'deal')} of those credit nobody: {reason}")
        if report.waiting:
            typer.echo(f"{counted(report.waiting, 'record')} not attributed yet")
