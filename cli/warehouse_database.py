"""`pledger warehouse`: run it alone, rebuild its database, see how it stands.

Exit status of `rebuild`: 0 switched over, 1 the new database does not hold what the log does
(nothing was switched), 2 it could not be done.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from cli.display import AsJson, count, print_json, show, text
from cli.failures import in_words
from cli.ledger import NotReady, Unreachable, require_broker
from cli.progress import Shown, ShownProgress, showing
from cli.system import Home, Port, settings_of
from events.settings import DEFAULT_WAREHOUSE_PORT

if TYPE_CHECKING:
    from streams.rebuild.comparing import Compared
    from streams.rebuild.rebuilding import RebuildReport

app = typer.Typer()


@app.callback(invoke_without_command=True)
def warehouse(
    context: typer.Context, home: Home = None, port: Port = DEFAULT_WAREHOUSE_PORT
) -> None:
    """Run the warehouse alone; or rebuild its database, or see how it stands.

    Alone it runs in HOME/warehouse, until Ctrl-C.

    Examples:

        pledger warehouse --port 0

        pledger warehouse status
    """
    if context.invoked_subcommand is not None:
        if home is not None:
            settings_of(home)
        return
    from deploy.alone import run_warehouse

    run_warehouse(settings_of(home), port, typer.echo)


@app.command()
def rebuild(
    database: Annotated[
        str, typer.Option("--database", help="Name of the new one; LIVE_rebuild unless given.")
    ] = "",
    sinks: Annotated[
        int, typer.Option("--sinks", help="Processes that fill it; 0: as many as pay.", min=0)
    ] = 0,
    shown: ShownProgress = Shown.AUTO,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Fill a new database from the log and put it in the live one's place.

    Queries are answered all the while. The live database may be damaged, empty, gone, or of an
    older schema. The old tables stay in LIVE_before until `drop-old` or the next rebuild.
    Interrupted, the next one goes on.

    Examples:

        pledger warehouse rebuild

        pledger warehouse rebuild --progress plain --json > rebuilt.json
    """
    from streams.rebuild.rebuilding import NotTheLog, Rebuild

    found = settings_of(home)
    with _done_or_two(), showing("filling", "records", shown) as progress:
        require_broker(found)
        try:
            report = Rebuild(
                found.broker,
                found.warehouse,
                found.home,
                database=database,
                sinks=sinks,
                expect=progress.expect,
                progress=progress,
                say=lambda said: typer.echo(said, err=True),
            ).run()
        except NotTheLog as problem:
            if as_json:
                print_json({"switched": False, "missing": problem.found})
            else:
                typer.echo(f"NOT SWITCHED OVER: {problem}")
            raise typer.Exit(1) from problem
    if as_json:
        print_json({"switched": True, **msgspec.to_builtins(report)})
    else:
        _print_report(report)


@app.command()
def status(as_json: AsJson = False, home: Home = None) -> None:
    """How far each topic is in the tables, which making this is, and whether a rebuild is under
    way.

    Example:

        pledger warehouse status --json | jq .behind
    """
    from streams.rebuild.standing import standing

    found = settings_of(home)
    with _done_or_two():
        require_broker(found)
        stands = standing(found.broker, found.warehouse)
    if as_json:
        print_json(msgspec.to_builtins(stands))
        return
    typer.echo(f"database    {stands.database}{'' if stands.there else ': not there yet'}")
    typer.echo(f"generation  {stands.generation or 'none'}")
    typer.echo(f"schema      {stands.schema}")
    show(
        [msgspec.to_builtins(topic) for topic in stands.topics],
        [
            text("topic", "topic"),
            text("table", "table"),
            count("read", "read"),
            count("in the log", "end"),
            count("behind", "behind"),
        ],
        as_json=False,
        empty="no topics",
    )
    if stands.rebuild is not None:
        typer.echo(
            f"rebuild     begun {stands.rebuild.began} in {stands.rebuild.database}: "
            f"{stands.rebuild.read:,} of {stands.rebuild.end:,} records read, "
            f"{stands.rebuild.exchanged} of {stands.rebuild.tables} tables in place; "
            "`pledger warehouse rebuild` goes on with it"
        )
    if stands.before:
        typer.echo(f"old tables  in {stands.before}; `pledger warehouse drop-old` drops them")


@app.command("drop-old")
def drop_old(home: Home = None) -> None:
    """Drop the tables that the last rebuild replaced (database LIVE_before).

    Example:

        pledger warehouse drop-old
    """
    from streams.rebuild.databases import Databases, exists

    found = settings_of(home)
    databases = Databases.of(found.warehouse)
    with _done_or_two():
        server = databases.server()
        try:
            if not exists(server, databases.before):
                typer.echo(f"there is no database {databases.before}: nothing to drop")
                return
            server.command(f"DROP DATABASE {databases.before} SYNC")
            typer.echo(f"dropped {databases.before}")
        finally:
            server.close()


@contextmanager
def _done_or_two() -> Iterator[None]:
    """What cannot be done is said in words, with exit status 2."""
    from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
    from confluent_kafka import KafkaException

    from deploy import DeployError
    from events.log import LogError
    from streams.rebuild.databases import RebuildError
    from streams.schema import SchemaError

    impossible = (
        ClickHouseError,
        DeployError,
        KafkaException,
        LogError,
        NotReady,
        RebuildError,
        SchemaError,
        Unreachable,
    )
    # The client reports a refused connection on stderr besides raising it.
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
    try:
        yield
    except impossible as problem:
        said = in_words(problem)
        if isinstance(problem, OperationalError):
            where = settings_of(None).warehouse
            said = (
                f"no warehouse answers at {where.host}:{where.port}; start the ledger with "
                "`pledger up`, or set PLEDGER_WAREHOUSE to the ClickHouse to use"
            )
        typer.echo(f"error: {said}", err=True)
        raise typer.Exit(2) from problem


def _print_report(report: RebuildReport) -> None:
    compared: Compared = report.compared
    rows: list[dict[str, Any]] = [msgspec.to_builtins(table) for table in compared.tables]
    for row, table in zip(rows, compared.tables, strict=True):
        row["note"] = table.problem or ("" if table.same else "the old one differed")
    show(
        rows,
        [
            text("table", "table"),
            count("read to", "position"),
            count("rows", "rows"),
            count("rows before", "live_rows"),
            *([] if compared.same else [text("", "note")]),
        ],
        as_json=False,
        empty="every table was in place already",
    )
    if compared.live_trial_balance is None:
        typer.echo("trial balance: the old one could not be asked")
    elif compared.trial_balance == compared.live_trial_balance:
        typer.echo("trial balance: the same")
    else:
        typer.echo("trial balance: the old one differed")
    typer.echo(
        f"{report.filled:,} records in {report.fill_seconds:,.1f} s "
        f"({report.records_per_second:,} a second); switched over in {report.switch_seconds:.1f} s"
    )
    typer.echo(
        f"{report.database} is now generation {report.generation}; the old tables are in "
        f"{report.before}"
    )
