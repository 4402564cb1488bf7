"""`pledger trail`: who decided what, when, from where, under which key.

Read from the log itself, so that no warehouse needs to be believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.display import AsJson, Column, print_json, print_table, text
from cli.ledger import accepted_decisions
from cli.reading import BadOption, iso, moment
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from events.settings import Settings
    from projections.trail import TrailLine

VIAS = ("cli", "api", "worker", "scheduler", "unknown")
UNKNOWN = "unknown"
"""What a record of an earlier release says of its origin."""

COLUMNS = ("number", "at", "person", "proved", "what", "via", "source", "key", "name")
COLUMNS += ("aggregate", "position")


def trail(
    by: Annotated[str, typer.Option("--by", help="Only what this person decided.")] = "",
    about: Annotated[
        str, typer.Option(help="Only about this partner, payout, program, or aggregate.")
    ] = "",
    since: Annotated[str, typer.Option("--from", help="ISO 8601; the first moment.")] = "",
    until: Annotated[str, typer.Option("--to", help="ISO 8601; before this moment.")] = "",
    via: Annotated[str, typer.Option(help="cli, api, worker, scheduler or unknown.")] = "",
    last: Annotated[int, typer.Option(help="Only the newest N; 0: all.", min=0)] = 0,
    home: Home = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Who decided what, when, from where, and under which key, oldest first.

    Beside a key the person is its holder; a name without a key is what was said at the
    command line or beside the API's token. Records of earlier releases do not say where they
    came from.

    Examples:

        pledger trail --about po-2026-11-jane

        pledger trail --by ann --from 2026-11-01 --via api --csv > ann.csv
    """
    if via and via not in VIAS:
        raise BadOption(f"--via {via!r}: expected {', '.join(VIAS)}")
    if as_csv and as_json:
        raise BadOption("give --csv or --json, not both")
    starts = moment("--from", since) if since else 0
    ends = moment("--to", until) if until else None
    found = [
        line
        for line in lines(settings_of(home))
        if line.at >= starts
        and (ends is None or line.at < ends)
        and (not via or (line.via or UNKNOWN) == via)
        and (not about or about in line.about)
        and (not by or _is(by, line.person))
    ]
    _print(found[-last:] if last else found, as_csv=as_csv, as_json=as_json)


def lines(settings: Settings) -> Iterator[TrailLine]:
    """The trail of all decisions in the log."""
    from projections.trail import Trail

    found = Trail()
    for decision in accepted_decisions(settings):
        yield found.line(decision)


def _is(wanted: str, person: str) -> bool:
    from aggregates.person import same_person

    return bool(person) and same_person(wanted, person)


def _print(found: Iterable[TrailLine], *, as_csv: bool, as_json: bool) -> None:
    rows = [_row(line) for line in found]
    if as_json:
        print_json(rows)
    elif as_csv:
        from cli.documents.sheet import sheet

        typer.echo(
            sheet(COLUMNS, ([_cell(row[name]) for name in COLUMNS] for row in rows)), nl=False
        )
    elif rows:
        print_table(rows, TABLE)
    else:
        typer.echo("nothing was decided of this kind")


def _row(line: TrailLine) -> dict[str, Any]:
    return {
        "number": line.number,
        "at": iso(line.at),
        "person": line.person,
        "proved": line.is_proved,
        "what": line.what,
        "via": line.via or UNKNOWN,
        "source": line.source,
        "key": line.key,
        "name": line.name,
        "aggregate": line.aggregate,
        "about": list(line.about),
        "position": line.position,
    }


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


TABLE = [
    text("when", "at"),
    Column("who", lambda row: row["person"] or "not said"),
    text("what", "what"),
    Column("from", lambda row: _from(row)),
    text("position", "position"),
]


def _from(row: dict[str, Any]) -> str:
    """`api 203.0.113.7, key ann-laptop`."""
    place = " ".join(filter(None, (row["via"], row["source"])))
    return f"{place}, key {row['key']}" if row["key"] else place
