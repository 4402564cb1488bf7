"""`pledger statement`: a partner's account from an opening balance to a closing one.

Each line is a journal entry with its position. It ends with the chain's head: the hash of
the partner's newest entry, which stands for all entries before it. It is read from the
warehouse, and so a moment behind the log; `pledger audit` proves what it says.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from cli.display import AsJson, Column, print_json, print_table, text
from cli.ledger import NotReady, Unreachable, require_broker, rows, warehouse
from cli.money import shown
from cli.reading import BadOption, iso, moment
from cli.system import Home, settings_of
from events.settings import Settings

Partner = Annotated[str, typer.Argument(help="The partner's id.")]
Program = Annotated[str, typer.Option(help="Only one program.")]

OPENING = """
SELECT program, unit,
    sum(arraySum(leg -> if(leg.account = 'payable', leg.amount, 0), legs)) AS payable,
    sum(arraySum(leg -> if(leg.account = 'in_transit', leg.amount, 0), legs)) AS in_transit,
    sum(arraySum(leg -> if(leg.account = 'paid', leg.amount, 0), legs)) AS paid
FROM (SELECT program, unit, legs FROM journal_entries FINAL
      WHERE partner = {partner:String} AND at < {since:Int64} AND unit != ''
        AND ({program:String} = '' OR program = {program:String})) AS e
GROUP BY program, unit
ORDER BY program, unit
"""

ENTRIES = """
SELECT concat('journal/', toString(`partition`), '/', toString(`offset`)) AS position,
    at, kind, program, unit, deal, event_id, payout, reason, rule, terms, available_at,
    arraySum(leg -> if(leg.account = 'payable', leg.amount, 0), legs) AS payable,
    arraySum(leg -> if(leg.account = 'in_transit', leg.amount, 0), legs) AS in_transit,
    arraySum(leg -> if(leg.account = 'paid', leg.amount, 0), legs) AS paid
FROM (SELECT * FROM journal_entries FINAL
      WHERE partner = {partner:String} AND at >= {since:Int64} AND at < {until:Int64}
        AND ({program:String} = '' OR program = {program:String})) AS e
ORDER BY `partition`, n
"""

NEWEST = """
SELECT `partition`, `offset`, n FROM journal_entries FINAL
WHERE partner = {partner:String} ORDER BY n DESC LIMIT 1
"""

FAR = 2**62
"""A time after all others, ms."""
ACCOUNTS = ("payable", "in_transit", "paid")


def statement(
    partner: Partner,
    program: Program = "",
    month: Annotated[str, typer.Option(help="A month of bookings, as 2025-03.")] = "",
    since: Annotated[str, typer.Option(help="ISO 8601; default: the beginning.")] = "",
    until: Annotated[str, typer.Option(help="ISO 8601, exclusive; default: now.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print a partner's statement: opening balance, every entry, closing balance.

    Examples:

        pledger statement jane

        pledger statement jane --month 2025-03 --json
    """
    settings = settings_of(home)
    begin, end = period(month, since, until)
    with warehouse(settings) as client:
        opening = rows(client, OPENING, partner=partner, program=program, since=begin)
        entries = rows(client, ENTRIES, partner=partner, program=program, since=begin, until=end)
        newest = rows(client, NEWEST, partner=partner)
    head = chain_head(settings, newest)
    purses = {(row["program"], row["unit"]): {k: row[k] for k in ACCOUNTS} for row in opening}
    begun = {purse: dict(sums) for purse, sums in purses.items()}
    for entry in entries:
        if entry["unit"]:
            purse = (entry["program"], entry["unit"])
            sums = purses.setdefault(purse, dict.fromkeys(ACCOUNTS, 0))
            begun.setdefault(purse, dict.fromkeys(ACCOUNTS, 0))
            for account in ACCOUNTS:
                sums[account] += entry[account]
            entry["balance"] = sums["payable"]
    answer = {
        "partner": partner,
        "since": iso(begin),
        "until": "" if end == FAR else iso(end),
        "opening": [named(purse, sums) for purse, sums in begun.items()],
        "entries": [{**entry, "at": iso(entry["at"])} for entry in entries],
        "closing": [named(purse, sums) for purse, sums in purses.items()],
        "head": head,
    }
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def period(month: str, since: str, until: str) -> tuple[int, int]:
    """First and last-exclusive moment of a statement, ms. Raises BadOption."""
    if month:
        if since or until:
            raise BadOption("--month with --since or --until: give one or the other")
        try:
            first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            raise BadOption(f"--month {month!r}: expected year and month, as 2025-03") from None
        try:
            after = (first + timedelta(days=31)).replace(day=1)
        except OverflowError:
            return int(first.timestamp()) * 1000, FAR
        return int(first.timestamp()) * 1000, int(after.timestamp()) * 1000
    begin = moment("--since", since) if since else 0
    end = moment("--until", until) if until else FAR
    if end <= begin:
        raise BadOption(f"--until {until!r} is not after --since {since or '1970-01-01'!r}")
    return begin, end


def named(purse: tuple[str, str], sums: dict[str, int]) -> dict[str, Any]:
    return {"program": purse[0], "unit": purse[1], **sums}


def chain_head(settings: Settings, newest: list[dict[str, Any]]) -> dict[str, Any]:
    """Position and SHA-256 of the partner's newest entry, as its bytes stand in the log.

    Without a broker the hash is empty: the warehouse holds no bytes to take it from.
    """
    if not newest:
        return {"position": "", "sha256": ""}
    from events.log import LogError, read_one
    from events.position import Position

    position = Position("journal", newest[0]["partition"], newest[0]["offset"])
    try:
        require_broker(settings)
        digest = hashlib.sha256(read_one(settings.broker, position).value or b"").hexdigest()
    except (Unreachable, NotReady, LogError):
        digest = ""
    return {"position": str(position), "sha256": digest}


def _print(answer: dict[str, Any]) -> None:
    ends = answer["until"] or "now"
    typer.echo(f"Statement of {answer['partner']}, {answer['since'] or 'the beginning'} to {ends}")
    for row in answer["opening"]:
        typer.echo(f"  opening  {row['program']:<20} {shown(row['payable'], row['unit']):>18}")
    if answer["entries"]:
        print_table(answer["entries"], _columns())
    else:
        typer.echo("  no entries in this time")
    for row in answer["closing"]:
        on_way = shown(row["in_transit"], row["unit"])
        typer.echo(
            f"  closing  {row['program']:<20} {shown(row['payable'], row['unit']):>18}"
            f"   (in transit {on_way}, paid {shown(row['paid'], row['unit'])})"
        )
    head = answer["head"]
    if head["position"]:
        digest = head["sha256"] or "unknown: no broker answers, and the hash is of its bytes"
        typer.echo(f"  chain    newest entry {head['position']}, sha256 {digest}")


def _columns() -> list[Column]:
    return [
        text("booked", "at"),
        text("what", "kind"),
        text("program", "program"),
        Column("for", lambda row: str(row["payout"] or row["deal"] or row["event_id"])),
        Column("amount", _moved, right=True),
        Column(
            "balance",
            lambda row: shown(row["balance"], row["unit"]) if row["unit"] else "",
            right=True,
        ),
        Column("available from", lambda row: iso(row["available_at"])[:10]),
        text("entry", "position"),
        text("note", "reason"),
    ]


def _moved(row: Any) -> str:
    """What the entry did to the balance, or, for a settlement, what was paid."""
    amount = row["payable"] or row["paid"]
    return shown(amount, row["unit"]) if amount else ""
