"""`pledger corrections`: what is known now of a time and was not known then, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.asked_as_of import AsOf, known_asked, known_words, moment_asked
from cli.balances import cut_of, places_said
from cli.display import AsJson, Column, money, print_json, print_table, text
from cli.ledger import require_broker
from cli.progress import Shown, ShownProgress, showing
from cli.reading import BadOption, iso
from cli.system import Home, settings_of
from projections.moments import Moment

CsvFile = Annotated[Path | None, typer.Option("--csv", help="Write a CSV file.")]

WHY = {
    "late_arrival": "late arrival",
    "refund": "refund",
    "review": "review",
    "adjustment": "correction",
    "reassigned": "reassigned",
}
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def corrections(
    partner: Annotated[str, typer.Argument(help="A partner's id; or give --program.")] = "",
    program: Annotated[str, typer.Option(help="All partners of a program; or one of its.")] = "",
    as_of: AsOf = "",
    known: Annotated[
        str, typer.Option(metavar="now|TIME|POSITION", help="As it is known by then.")
    ] = "now",
    home: Home = None,
    as_json: AsJson = False,
    csv: CsvFile = None,
    progress: ShownProgress = Shown.AUTO,
) -> None:
    """Show what makes the difference between a balance as known then and as known now.

    Each entry that was recorded since and was true before: a deal or refund that arrived late, a
    review, a correction, a deal that was given to another partner. Its amounts add up exactly.

    Examples:

        pledger corrections jane --as-of 2025-04-01

        pledger corrections --program acme --as-of 2025-04-01 --csv april.csv

        pledger corrections jane --as-of 2025-04-01 --known 2025-05-01 --json
    """
    from streams.as_of_reading import read_partner, read_program

    if not partner and not program:
        raise BadOption("whose? give a partner, or --program for all of its partners")
    if not as_of:
        raise BadOption("--as-of is missing: of which moment? For example --as-of 2025-04-01")
    then = moment_asked("--as-of", as_of)
    until = known_later(known)
    if then.at is not None and until.at is not None and until.at < then.at:
        raise BadOption(f"--known {known!r} lies before --as-of {as_of!r}: nothing was known since")
    settings = settings_of(home)
    require_broker(settings)
    with showing("corrections", "entries", progress) as advance:
        read = (
            read_partner(settings.broker, partner, then, until, advance)
            if partner
            else read_program(settings.broker, program, then, until, advance)
        )
    answer = cut_of(read, known)
    answer["accounts"] = [
        told(bridge) for bridge in read.bridges() if program in ("", bridge.program)
    ]
    if csv is not None:
        csv.write_bytes(corrections_csv(answer["accounts"]))
        typer.echo(f"wrote {csv}", err=True)
    if as_json:
        print_json(answer)
    elif csv is None:
        print_corrections(answer, known)


def known_later(text: str) -> Moment:
    """What is to be known. Raises BadOption for `then`, of which there is no difference."""
    found = known_asked(text)
    if found is None:
        raise BadOption("--known then: there is no difference; give now, a time or a position")
    return found


def told(bridge: Any) -> dict[str, Any]:
    """A bridge as plain facts: amounts in minor units, times as ISO 8601, sealed text revealed."""
    import msgspec

    from cli.revealing import revealed_all

    facts: dict[str, Any] = revealed_all(msgspec.to_builtins(bridge))
    for row, correction in zip(facts["corrections"], bridge.corrections, strict=True):
        row |= {
            "at": iso(correction.at),
            "effective": iso(correction.effective),
            "late_by_ms": correction.after,
        }
    return facts


def print_corrections(answer: dict[str, Any], known: str) -> None:
    """The report for a terminal."""
    since = known_words(known)
    typer.echo(f"What is known {since} of the time before {answer['moment']}, and was not then")
    changed = [account for account in answer["accounts"] if account["corrections"]]
    for account in changed:
        whose = f"{account['partner']} in {account['program']}, {account['unit']}"
        listed = [{**row, "unit": account["unit"]} for row in account["corrections"]]
        print_table(listed, ENTRIES, title=whose)
        print_table(_bridge(account, since), BRIDGE)
    if not changed:
        typer.echo(f"  nothing: the balances as known then are those known {since}")
    typer.echo(places_said(answer))


def _bridge(account: dict[str, Any], since: str) -> list[dict[str, Any]]:
    """Known then, the sum of each reason, known since."""
    sums: dict[str, dict[str, int]] = {}
    for row in account["corrections"]:
        total = sums.setdefault(row["why"], dict.fromkeys(row["change"], 0))
        for name, amount in row["change"].items():
            total[name] += amount
    unit = account["unit"]
    return [
        {"step": "known then", "unit": unit, **account["then"]},
        *({"step": WHY[why], "unit": unit, **total} for why, total in sums.items()),
        {"step": f"known {since}", "unit": unit, **account["now"]},
    ]


def lateness(ms: int) -> str:
    """`3 d 4 h`, `25 min`, `12 s`."""
    if ms >= DAY_MS:
        return f"{ms // DAY_MS} d {ms % DAY_MS // HOUR_MS} h"
    if ms >= HOUR_MS:
        return f"{ms // HOUR_MS} h {ms % HOUR_MS // MINUTE_MS} min"
    return f"{ms // MINUTE_MS} min" if ms >= MINUTE_MS else f"{ms / 1000:g} s"


def corrections_csv(accounts: Sequence[dict[str, Any]]) -> bytes:
    """One table: for each account a row as known then, its corrections, a row as known now."""
    from cli.documents.sheet import Cell, number, sheet

    table: list[list[Cell]] = []
    for account in accounts:
        head: list[Cell] = [account["partner"], account["program"], account["unit"]]
        unit = account["unit"]

        def amounts(sums: dict[str, int], unit: str = unit) -> list[Cell]:
            return [number(sums[name], unit) for name in AMOUNTS]

        table.append([*head, "known then", *amounts(account["then"]), *[""] * len(ABOUT)])
        for row in account["corrections"]:
            said: list[Cell] = [row.get(name, "") for name in ABOUT]
            table.append([*head, row["why"], *amounts(row["change"]), *said])
        table.append([*head, "known now", *amounts(account["now"]), *[""] * len(ABOUT)])
    return sheet(("partner", "program", "unit", "row", *AMOUNTS, *ABOUT), table)


AMOUNTS = ("payable", "pending", "available", "in_transit", "paid", "fees", "withholding")
ABOUT = (
    *("kind", "effective", "at", "late_by_ms", "deal", "event_id", "via", "reason", "by"),
    "position",
)
ENTRIES = [
    text("happened", "effective"),
    text("recorded", "at"),
    Column("late by", lambda row: lateness(row["late_by_ms"]), right=True),
    Column("why", lambda row: WHY[row["why"]]),
    text("what", "kind"),
    Column("for", lambda row: str(row["deal"] or row["event_id"])),
    Column("change", lambda row: money("", "payable").cell({**row["change"], "unit": row["unit"]}),
           right=True),
    text("entry", "position"),
    Column("note", lambda row: "; ".join(filter(None, [
        row["reason"].replace("_", " "), f"by {row['by']}" if row["by"] else "",
        f"brought by {row['via']}" if row["via"] else ""]))),
]  # fmt: skip
BRIDGE = [
    text("", "step"),
    *(money(name.replace("_", " "), name) for name in ("pending", "available", "payable")),
]
