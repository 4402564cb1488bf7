"""`pledger registrations`: leads and deals that a partner says it works on.

submitted ─┬─ approved ─┬─ won
           └─ rejected  └─ lost

An approved registration keeps its customer for its partner for as long as the terms protect
it, against later clicks of others. Approving a lead records the qualified lead; winning
records the deal. Both are written after the decision, and running the command again writes
what is missing.
"""

from __future__ import annotations

import time
from typing import Annotated, Literal

import typer

from cli.asked import currency_of, program_of, registration_of
from cli.display import AsJson, By, say
from cli.ledger import decisions, directory
from cli.money import shown
from cli.reading import BadOption, amount, moment
from cli.registered import decide_and_record, unprotected
from cli.registration_listing import add_commands
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Registered leads and deals: submit, approve, win.")

Registration = Annotated[str, typer.Argument(help="The registration's id.")]
Reason = Annotated[str, typer.Option(help="Kept with the decision.")]
Title = Annotated[str, typer.Option(help="What it is about.")]
Amount = Annotated[str, typer.Option(help="What is expected, as 12000.00.")]
Currency = Annotated[str, typer.Option(help="ISO 4217; default: the program's.")]

KINDS = ("lead", "deal")


@app.command()
def submit(
    registration: Registration,
    program: Annotated[str, typer.Option(help="The program's id.")],
    partner: Annotated[str, typer.Option(help="The partner's id.")],
    customer: Annotated[str, typer.Option(help="The customer, as in conversions.")],
    kind: Annotated[str, typer.Option(help="lead or deal.")] = "deal",
    title: Title = "",
    expected: Annotated[str, typer.Option("--amount", help="Expected, as 12000.00.")] = "",
    currency: Currency = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Register a lead or a deal for a partner.

    Examples:

        pledger registrations submit r-17 --program acme --partner jane --customer globex \\
            --title "CRM for 40 seats" --amount 12000.00

        pledger registrations submit r-18 --program acme --partner jane --customer bob --kind lead
    """
    if kind not in KINDS:
        raise BadOption(f"--kind {kind!r}: expected {' or '.join(KINDS)}")
    wanted: Literal["lead", "deal"] = "lead" if kind == "lead" else "deal"
    settings = settings_of(home)
    with directory(settings) as follower:
        currency = currency.upper() or program_of(follower.directory, program).currency
    minor = amount("--amount", expected, currency) if expected else 0
    with decisions(settings) as ledger:
        ledger.submit_registration(
            registration, program, partner, customer, wanted, title, minor, currency, by=by
        )
    worth = f", {shown(minor, currency)}" if minor else ""
    say(
        f"registration {registration} submitted: {kind} {customer} of partner {partner}{worth}",
        {
            "registration": registration,
            "program": program,
            "partner": partner,
            "customer": customer,
            "kind": kind,
            "amount": minor,
            "currency": currency,
            "status": "submitted",
        },
        as_json=as_json,
    )


@app.command()
def approve(
    registration: Registration, by: By = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Take a registration: its customer is the partner's. A lead becomes a qualified lead.

    Running it again writes the lead if it is missing.

    Example:

        pledger registrations approve r-18 --by ann
    """
    settings = settings_of(home)
    with directory(settings) as follower, decisions(settings) as ledger:
        recorded = decide_and_record(
            settings,
            follower,
            ledger,
            registration,
            lambda: ledger.approve_registration(registration, by=by),
        )
    _tell("approved", registration, recorded, as_json)


@app.command()
def reject(
    registration: Registration,
    reason: Reason,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Do not take a registration.

    Example:

        pledger registrations reject r-18 --reason "a customer already" --by ann
    """
    with decisions(settings_of(home)) as ledger:
        ledger.reject_registration(registration, reason, by=by)
    _tell("rejected", registration, [], as_json)


@app.command()
def update(
    registration: Registration,
    title: Title = "",
    expected: Annotated[str, typer.Option("--amount", help="Expected, as 12000.00.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217; default: as it was.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say anew what is expected.

    Example:

        pledger registrations update r-17 --amount 15000.00
    """
    if not (title or expected or currency):
        raise BadOption("nothing to change: give --title, --amount or --currency")
    settings = settings_of(home)
    with directory(settings) as follower:
        view = registration_of(follower.directory, registration)
    unit = currency.upper() or currency_of(follower.directory, view)
    minor = amount("--amount", expected, unit) if expected else view.amount
    with decisions(settings) as ledger:
        ledger.update_registration(registration, title, minor, unit, by=by)
    _tell("updated", registration, [], as_json)


@app.command()
def win(
    registration: Registration,
    deal: Annotated[str, typer.Option(help="The deal's id, as in conversions.")],
    sold_for: Annotated[
        str, typer.Option("--amount", help="What it came to; default: what was expected.")
    ] = "",
    currency: Annotated[
        str, typer.Option(help="ISO 4217; default: as registered, else the program's.")
    ] = "",
    occurred_at: Annotated[str, typer.Option(help="ISO 8601; default: now.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Close a registration as won, and record its deal.

    Running it again writes the deal if it is missing.

    Example:

        pledger registrations win r-17 --deal D-1009 --amount 11800.00
    """
    from gateway.registered import sale_time

    settings = settings_of(home)
    with directory(settings) as follower, decisions(settings) as ledger:
        view = registration_of(follower.directory, registration)
        unit = currency.upper() or currency_of(follower.directory, view)
        minor = amount("--amount", sold_for, unit) if sold_for else view.amount
        now = time.time_ns() // 1_000_000
        at = moment("--occurred-at", occurred_at) if occurred_at else sale_time(ledger, view, now)
        recorded = decide_and_record(
            settings,
            follower,
            ledger,
            registration,
            lambda: ledger.win_registration(registration, deal, minor, unit, at, by=by),
        )
        warning = unprotected(follower.directory, view, at)
    _tell("won", registration, recorded, as_json, worth=shown(minor, unit), deal=deal)
    if warning:
        typer.echo(warning, err=True)


@app.command()
def lose(
    registration: Registration,
    reason: Reason,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Close a registration as lost: its customer is nobody's any longer.

    Example:

        pledger registrations lose r-17 --reason "no budget"
    """
    with decisions(settings_of(home)) as ledger:
        ledger.lose_registration(registration, reason, by=by)
    _tell("lost", registration, [], as_json)


def _tell(
    status: str,
    registration: str,
    recorded: list[str],
    as_json: bool,
    *,
    worth: str = "",
    deal: str = "",
) -> None:
    sentence = f"registration {registration} {status}"
    if deal:
        sentence += f": deal {deal}, {worth}"
    if recorded:
        sentence += f"; recorded {', '.join(recorded)}"
    answer = {"registration": registration, "status": status, "recorded": recorded}
    say(sentence, answer, as_json=as_json)


add_commands(app)
