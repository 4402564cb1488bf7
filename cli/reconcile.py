"""`pledger reconcile`: the ledger held against the warehouse, a bank, or a shop.

Exit status: 0 all agrees, 1 something differs (it is printed), 2 it could not be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from audit.log import DEFAULT_PATIENCE_S
from cli.display import AsJson, print_json
from cli.ledger import require_broker
from cli.ledger import warehouse as warehouse_of
from cli.money import shown
from cli.reading import BadOption
from cli.reconcile_bank import bank
from cli.reconcile_deals import deals
from cli.reconcile_display import counted
from cli.reconcile_parts import SHOWN, AsCsv, Most, comparing, end, one_form, print_csv
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from cli.reconcile_warehouse import WarehouseReport

app = typer.Typer(no_args_is_help=True, help="Hold the ledger against what others say.")
app.command("bank")(bank)
app.command("deals")(deals)


@app.command("warehouse")
def warehouse(
    table: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only this table; several times. Default: all."),
    ] = None,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for the warehouse to read the log.", min=0)
    ] = DEFAULT_PATIENCE_S,
    show: Most = SHOWN,
    home: Home = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Compare every row of the warehouse with its record in the log, and all sums.

    A row that is missing, surplus or altered is named by its record's position, an altered
    one with its columns. The balances and the trial balance are reckoned again from the log.

    Examples:

        pledger reconcile warehouse

        pledger reconcile warehouse --table journal_entries --json
    """
    with comparing():
        one_form(as_json, as_csv)
        found = settings_of(home)
        require_broker(found)
        from audit.log import KafkaLog
        from cli.progress import bar
        from cli.reconcile_warehouse import chosen_topics, compare_warehouse

        try:
            chosen = chosen_topics(table or [])
        except KeyError as unknown:
            from audit.reconcile.rows import TABLES

            known = ", ".join(TABLES.values())
            raise BadOption(f"--table {unknown.args[0]!r}: expected {known}") from None
        log = KafkaLog(found.broker)
        records = sum(end for topic in chosen for end in log.ends(topic).values())
        with (
            warehouse_of(found) as client,
            bar("comparing", records, "records") as advance,
        ):
            report = compare_warehouse(log, client, chosen, patience, advance)
    _print(report, show, as_csv=as_csv, as_json=as_json)
    end(report.is_equal)


def _print(report: WarehouseReport, show: int, *, as_csv: bool, as_json: bool) -> None:
    if as_json:
        print_json({"agrees": report.is_equal, **msgspec.to_builtins(report)})
    elif as_csv:
        print_csv(CSV, _csv_rows(report))
    else:
        _tell(report, show)


CSV = ("kind", "table", "position", "of", "unit", "column", "log", "warehouse", "note")


def _csv_rows(report: WarehouseReport) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for one in report.differences:
        start = [one.kind, one.table, one.position, "", ""]
        for column in one.columns:
            rows.append([*start, column.column, _brief(column.log), _brief(column.warehouse), ""])
        if not one.columns:
            rows.append([*start, "", "", "", one.note])
    for sums in report.sums:
        rows.append(
            ["sum", sums.view, "", sums.of, sums.unit, sums.account, sums.log, sums.warehouse, ""]
        )
    return rows


def _tell(report: WarehouseReport, show: int) -> None:
    for one in report.tables.values():
        told = [f"{one.agreed:,} rows agree with the log"]
        for count, words in (
            (one.missing, "missing"),
            (one.surplus, "surplus"),
            (one.altered, "altered"),
            (one.repeats, "written twice, equal"),
            (one.kept_out, "kept out, with a dead letter"),
        ):
            if count:
                told.append(f"{count:,} {words}")
        typer.echo(f"{one.table:16} {', '.join(told)}")
        for found in one.differences[: show or None]:
            typer.echo(f"  {found.kind:8} {found.position}  {found.note}".rstrip())
            for column in found.columns:
                typer.echo(
                    f"           {column.column}: log {_brief(column.log)}, "
                    f"warehouse {_brief(column.warehouse)}"
                )
        differ = one.missing + one.surplus + one.altered
        if show and differ > show:
            typer.echo(f"  … and {differ - show:,} more; --show 0 shows all")
    for stream, records in sorted(report.behind.items()):
        typer.echo(f"{stream}: the warehouse ends {counted(records, 'record')} before the log")
    if report.balances or report.sums:
        scope = "views included" if report.views_compared else "up to where the log ended"
        typer.echo(f"{report.balances:,} balances and the trial balance reckoned again, {scope}")
    for sums in report.sums[: show or None]:
        typer.echo(
            f"  {sums.view}: {sums.account} of {sums.of}: log {shown(sums.log, sums.unit)}, "
            f"warehouse {shown(sums.warehouse, sums.unit)}, "
            f"difference {shown(sums.difference, sums.unit)}"
        )
    typer.echo("the warehouse agrees with the log" if report.is_equal else "the warehouse differs")


def _brief(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
