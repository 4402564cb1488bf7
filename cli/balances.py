"""`pledger balance`: what a partner is owed.

Now, from the warehouse, a moment behind the log; or as of a moment, from the journal itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asked_as_of import THEN, AsOf, KnownBy, known_asked, known_words, moment_asked
from cli.display import AsJson, Column, money, print_json, print_table, show, text
from cli.ledger import require_broker, rows, warehouse
from cli.progress import showing
from cli.reading import BadOption, iso
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from streams.as_of_reading import Known

Partner = Annotated[str, typer.Argument(help="The partner's id.")]
Program = Annotated[str, typer.Option(help="Only one program.")]

BALANCES = """
SELECT partner, program, unit, pending, available, payable, in_transit, paid, entries, newest
FROM partner_balances
WHERE partner = {partner:String} AND ({program:String} = '' OR program = {program:String})
ORDER BY program, unit
"""
MONEY = [
    text("program", "program"),
    money("pending", "pending"),
    money("available", "available"),
    money("in transit", "in_transit"),
    money("paid", "paid"),
]
RULES = [
    text("program", "program"),
    text("rule", "rule"),
    money("earned", "earned"),
    money("taken back", "taken_back"),
]


def balance(
    partner: Partner,
    program: Program = "",
    as_of: AsOf = "",
    known: KnownBy = THEN,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show what a partner is owed, by program and currency.

    With --as-of, also what each rule gave until then; the answer names the places it was cut at,
    which give the same answer for ever. docs/as-of.md says what --known means.

    Examples:

        pledger balance jane

        pledger balance jane --program acme --json

        pledger balance jane --as-of 2025-04-01

        pledger balance jane --as-of 2025-04-01 --known now
    """
    if as_of:
        _as_of(partner, program, as_of, known, home, as_json)
        return
    if known != THEN:
        raise BadOption(f"--known {known!r} without --as-of: known of which moment?")
    with warehouse(settings_of(home)) as client:
        found = rows(client, BALANCES, partner=partner, program=program)
    columns = [*MONEY, Column("newest entry", lambda row: f"{row['newest']:%Y-%m-%d %H:%M:%S}")]
    show(found, columns, as_json=as_json, empty=f"nothing is booked for partner {partner}")


def _as_of(partner: str, program: str, as_of: str, known: str, home: Home, as_json: bool) -> None:
    from streams.as_of_reading import read_partner

    settings = settings_of(home)
    then = moment_asked("--as-of", as_of)
    until = known_asked(known) or then
    require_broker(settings)
    with showing("balance", "entries") as advance:
        read = read_partner(settings.broker, partner, then, until, advance)
    answer = {"partner": partner, **cut_of(read, known), **_figures(read, program)}
    if as_json:
        print_json(answer)
        return
    typer.echo(f"Balance of {partner} as of {answer['moment']}, as known {known_words(known)}")
    if answer["balances"]:
        print_table(answer["balances"], MONEY)
    else:
        typer.echo(f"  nothing was booked for partner {partner}")
    if answer["commissions"]:
        print_table(answer["commissions"], RULES)
    typer.echo(places_said(answer))


def cut_of(read: Known, known: str) -> dict[str, Any]:
    """The moments of an answer, and the places by which it can be had again."""
    from streams.named_moments import places_text

    then = {partition: cut.then for partition, cut in read.cuts.items()}
    until = {partition: cut.known for partition, cut in read.cuts.items()}
    return {
        "moment": iso(read.moment),
        "known_by": known,
        "as_of": places_text(then, read.moment),
        "known": places_text(until),
        "final": read.final,
    }


def places_said(answer: dict[str, Any]) -> str:
    """How the same answer can be had again."""
    again = f"again: --as-of {answer['as_of']} --known {answer['known']}"
    if answer["final"]:
        return again
    return (
        f"{again}\nthat time has not passed for the journal yet: what comes may still belong "
        "before it; by the places above this answer stays"
    )


def _figures(read: Known, program: str) -> dict[str, Any]:
    """Balances, and what rules gave, of the programs asked for."""
    books = read.books()
    balances = [
        {"program": key.program, "unit": key.unit}
        | {name: getattr(sums, name) for name in sums.__struct_fields__}
        for key, sums in books.at(read.moment).items()
        if program in ("", key.program)
    ]
    commissions = [
        {
            "program": one.program,
            "unit": one.unit,
            "rule": one.rule,
            "earned": one.earned,
            "taken_back": one.taken_back,
        }
        for one in books.commissions()
        if program in ("", one.program)
    ]
    return {"balances": balances, "commissions": commissions}
