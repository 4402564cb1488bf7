"""`pledger sql` and `pledger dead-letters`: the warehouse, asked directly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.display import AsJson, Column, print_json, show, text
from cli.failures import in_words
from cli.ledger import rows, warehouse
from cli.reading import BadOption
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

DEAD_LETTERS = """
SELECT source, processors, error, key, value, recorded
FROM unreadable_records ORDER BY recorded, source LIMIT {limit:UInt32}
"""
SHOWN_ERROR = 100
"""Characters of an error in a table; all of it stands in the JSON."""


def add_warehouse_commands(app: typer.Typer, panel: str) -> None:
    app.command(rich_help_panel=panel)(sql)
    app.command("dead-letters", rich_help_panel=panel)(dead_letters)


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT, SHOW or DESCRIBE; - reads stdin.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask the warehouse. Read only; all amounts are in minor units.

    Examples:

        pledger sql "SELECT * FROM trial_balance"

        pledger sql "SELECT partner, sum(commission) FROM partner_daily GROUP BY partner" --json

        pledger sql "SHOW TABLES"
    """
    from clickhouse_connect.driver.exceptions import ClickHouseError

    asked = typer.get_text_stream("stdin").read() if query == "-" else query
    if not asked.strip():
        raise BadOption('no query; for example: pledger sql "SHOW TABLES"')
    with warehouse(settings_of(home)) as client:
        try:
            found = client.query(asked, settings={"readonly": 1})
        except ClickHouseError as problem:
            if "UNKNOWN_TABLE" in str(problem) and is_complete(client):
                raise BadOption(
                    f'{in_words(problem)}: `pledger sql "SHOW TABLES"` lists those there are'
                ) from problem
            raise
        names = list(found.column_names)
        values = found.result_rows
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in values])
        return
    show(
        [{str(number): cell for number, cell in enumerate(row)} for row in values],
        [_column(number, name, values) for number, name in enumerate(names)],
        as_json=False,
        empty="no rows",
    )


def is_complete(client: Client) -> bool:
    """Whether the ledger's tables and views are there: an unknown table is then the query's."""
    return bool(client.command("EXISTS TABLE trial_balance"))


def dead_letters(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List records that could not be read, with the error and where they stand.

    They earn nothing and stop nobody; whoever wrote them must mend and send them again.

    Examples:

        pledger dead-letters

        pledger dead-letters --json | jq .[].position
    """
    with warehouse(settings_of(home)) as client:
        found = rows(client, DEAD_LETTERS, limit=limit)
    columns = [
        Column("recorded", lambda row: f"{row['recorded']:%Y-%m-%d %H:%M:%S}"),
        text("record", "source"),
        text("key", "key"),
        Column("met by", lambda row: ", ".join(row["processors"])),
        Column("error", lambda row: str(row["error"])[:SHOWN_ERROR]),
    ]
    show(found, columns, as_json=as_json, empty="no dead letters: every record could be read")


def _column(number: int, name: str, values: Any) -> Column:
    numeric = bool(values) and isinstance(values[0][number], int | float)
    # By number: two columns of a query may have one name.
    return Column(name, lambda row: _cell(row[str(number)]), right=numeric)


def _cell(value: object) -> str:
    return "" if value is None else str(value)
