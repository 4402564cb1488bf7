"""`pledger accounts`: amounts that no conversion caused.

An adjustment corrects a partner's balance, with a reason. A payment received is what a
partner paid that collects from customers itself and owes the wholesale price.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.asked import unit_owed
from cli.display import AsJson, By, say
from cli.ledger import decisions, directory
from cli.money import shown
from cli.reading import BadOption, amount
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Adjustments, and payments that partners made.")

Partner = Annotated[str, typer.Argument(help="The partner's id.")]
Program = Annotated[str, typer.Option(help="The program's id.")]
Unit = Annotated[str, typer.Option(help="Default: the partner's currency, else the program's.")]
Name = Annotated[str, typer.Option("--id", help="Name it: the same again changes nothing.")]


@app.command()
def adjust(
    partner: Partner,
    program: Program,
    change: Annotated[str, typer.Option("--amount", help="What is added, as 5.00 or -5.00.")],
    reason: Annotated[str, typer.Option(help="Kept with the decision, and on the entry.")],
    unit: Unit = "",
    name: Name = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add an amount to a partner's balance, or take one off.

    Example:

        pledger accounts adjust jane --program acme --amount 25.00 --reason "for the delay" \\
            --id delay-2026-11
    """
    settings = settings_of(home)
    with directory(settings) as follower:
        unit = unit_owed(follower.directory, program, partner, unit)
    minor = amount("--amount", change, unit)
    if not minor:
        raise BadOption(f"--amount {change!r}: expected more or less than zero")
    name = name or _named("adj", partner)
    with decisions(settings) as ledger:
        ledger.adjust_account(name, program, partner, unit, minor, reason, by=by)
    change = f"{'+' if minor > 0 else ''}{shown(minor, unit)}"
    say(
        f"adjustment {name}: {change} for {partner}: {reason}",
        {
            "adjustment": name,
            "program": program,
            "partner": partner,
            "unit": unit,
            "amount": minor,
            "reason": reason,
        },
        as_json=as_json,
    )


@app.command()
def receive(
    partner: Partner,
    program: Program,
    paid: Annotated[str, typer.Option("--amount", help="What the partner paid, as 400.00.")],
    reference: Annotated[str, typer.Option(help="The bank's own id.")] = "",
    unit: Unit = "",
    name: Name = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that a partner paid what it owed.

    Example:

        pledger accounts receive hooli --program acme --amount 400.00 --id r-2026-11-hooli
    """
    settings = settings_of(home)
    with directory(settings) as follower:
        unit = unit_owed(follower.directory, program, partner, unit)
    minor = amount("--amount", paid, unit)
    if minor <= 0:
        raise BadOption(f"--amount {paid!r}: expected more than zero")
    name = name or _named("rcpt", partner)
    with decisions(settings) as ledger:
        ledger.receive_payment(name, program, partner, unit, minor, reference, by=by)
    said = f" ({reference})" if reference else ""
    say(
        f"payment {name} of {partner} received: {shown(minor, unit)}{said}",
        {
            "receipt": name,
            "program": program,
            "partner": partner,
            "unit": unit,
            "amount": minor,
            "reference": reference,
        },
        as_json=as_json,
    )


def _named(what: str, partner: str) -> str:
    """An id for what was not named, by the moment."""
    return f"{what}-{partner[:40]}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
