"""`pledger conversions`: what came in, who was credited for it, or why nobody; and giving a
recorded deal to the partner whose it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.display import AsJson, By, Column, money, say, show, text
from cli.ledger import directory, rows, warehouse
from cli.money import shown
from cli.reading import BadOption
from cli.revealing import recorded_customer
from cli.system import Home, settings_of
from events.sealing import is_pseudonym
from events.settings import load

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

app = typer.Typer()

OUTCOMES = "credited, unattributed, refunded, unmatched, assigned, duplicate, conflict, unreadable"

CONVERSIONS = """
SELECT source, occurred, kind, outcome, reason, program, customer, event_id, deal, amount,
       currency, unmatched,
       arrayStringConcat(arrayMap(c -> concat(c.partner, ' by ', c.method), credits), ', ')
           AS credited
FROM attributions FINAL
WHERE ({outcome:String} = '' OR outcome = {outcome:String}
       OR ({outcome:String} = 'unmatched' AND unmatched > 0))
  AND ({program:String} = '' OR program = {program:String})
  AND ({all:Bool} OR has({customers:Array(String)}, customer))
ORDER BY recorded_at, source LIMIT {limit:UInt32}
"""

MARKED = """
SELECT JSONExtractString(state, 'program') AS program,
       argMax(JSONExtract(state, 'fields', 'Array(String)'), number) AS fields,
       argMax(JSONExtractString(state, 'secret'), number) AS secret
FROM decisions FINAL WHERE name = 'program.personal_fields_marked' GROUP BY program
"""

PROGRAMS = "SELECT program FROM programs ORDER BY program"

ORIGINALS = """
SELECT concat('conversions/', toString(`partition`), '/', toString(`offset`)) AS source,
       metadata['customer'] AS original
FROM conversions FINAL
WHERE (`partition`, `offset`) IN {places:Array(Tuple(UInt64, UInt64))}
"""


@app.callback(invoke_without_command=True)
def conversions(
    context: typer.Context,
    outcome: Annotated[str, typer.Option(help=f"Only these: {OUTCOMES}.")] = "",
    program: Annotated[str, typer.Option(help="Only of this program.")] = "",
    customer: Annotated[str, typer.Option(help="Only of this customer.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List signups, deals and refunds with what became of each.

    Examples:

        pledger conversions --program shop --outcome unmatched

        pledger conversions --customer customer-0042
    """
    if context.invoked_subcommand is not None:
        return
    if outcome and outcome not in OUTCOMES.split(", "):
        raise typer.BadParameter(f"expected one of {OUTCOMES}", param_hint="--outcome")
    with warehouse(settings_of(home)) as client:
        found = rows(
            client,
            CONVERSIONS,
            outcome=outcome,
            program=program,
            all=not customer,
            customers=_recorded(client, program, customer),
            limit=limit,
        )
        _with_originals(client, found)
    columns = [
        Column("occurred", lambda row: f"{row['occurred']:%Y-%m-%d %H:%M}"),
        text("kind", "kind"),
        text("event", "event_id"),
        Column("customer", lambda row: str(row["original"] or row["customer"])),
        money("amount", "amount", "currency"),
        Column("outcome", _outcome),
        text("credited", "credited"),
        text("record", "source"),
    ]
    show(found, columns, as_json=as_json, empty="no such conversions")


@app.command()
def assign(
    customer: Annotated[str, typer.Argument(help="Whose deal it is, as PROGRAM/CUSTOMER.")],
    deal: Annotated[str, typer.Argument(help="The deal's id.")],
    to: Annotated[str, typer.Option("--to", help="The partner whose it is from now on.")],
    reason: Annotated[str, typer.Option(help="Why; kept for good.")],
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Also if it is the partner's by the last assignment: reckon it anew under "
            "what is known now, as rates of exchange imported since.",
        ),
    ] = False,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give a recorded deal to a partner; whoever had it loses its commission.

    Examples:

        pledger conversions assign acme/customer-0042 D-1042 --to jane --reason "introduced by mail"
    """
    from events.codec import encode
    from events.conversions import conversion_key
    from events.log import Writer
    from events.topics import CONVERSIONS
    from streams.assigning import assigning, find_deal

    program, slash, name = customer.partition("/")
    if not (program and slash and name):
        raise BadOption(f"{customer!r}: expected PROGRAM/CUSTOMER, such as acme/customer-0042")
    settings = settings_of(home)
    with directory(settings) as follower:
        marked = follower.directory.personal_fields(program)
        secret = follower.directory.pseudonyms_under(program)
        name = recorded_customer(settings, marked, secret, program, name)
        recorded = find_deal(settings.broker, program, name, deal)
        found = assigning(
            recorded,
            to,
            reason=reason,
            by=by,
            at=time.time_ns() // 1_000_000,
            again=again,
            directory=follower.directory,
        )
        if found.is_new:
            writer = Writer(settings.broker)
            key = conversion_key(program, name)
            writer.append(CONVERSIONS, key=key, value=encode(found.assignment))
            writer.flush()
    done = "given to" if found.is_new else "is already with"
    say(
        f"deal {deal} of {customer} {done} {to}",
        {
            "event_id": found.assignment.event_id,
            "deal": deal,
            "record": recorded.position,
            "partner": to,
            "new": found.is_new,
        },
        as_json=as_json,
    )


def _recorded(client: Client, program: str, customer: str) -> list[str]:
    """What may stand for the customer in the table: its pseudonyms; itself only where a program
    marks nothing, for a warehouse keeps the queries it was asked."""
    if not customer:
        return []
    settings = load()
    marked = {str(row["program"]): row for row in rows(client, MARKED)}
    unmarked: dict[str, Any] = {"fields": (), "secret": ""}
    programs = [program] if program else [row["program"] for row in rows(client, PROGRAMS)]
    found = []
    for of in programs:
        marks = marked.get(of, unmarked)
        fields = frozenset(marks["fields"])
        found.append(recorded_customer(settings, fields, marks["secret"], of, customer))
    return found


def _with_originals(client: Client, found: list[dict[str, Any]]) -> None:
    """Add `original`: the customer's id as it was sent, sealed; empty where it stands plain."""
    places = [
        tuple(map(int, row["source"].split("/")[1:]))
        for row in found
        if is_pseudonym(row["customer"])
    ]
    originals = {}
    if places:
        sealed = rows(client, ORIGINALS, places=places)
        originals = {row["source"]: row["original"] for row in sealed}
    for row in found:
        row["original"] = originals.get(row["source"], "")


def _outcome(row: Any) -> str:
    said = str(row["outcome"])
    if row["reason"]:
        said += f": {row['reason']}"
    if row["outcome"] == "refunded" and row["unmatched"]:
        said += f" ({shown(row['unmatched'], row['currency'])} match nothing)"
    return said
