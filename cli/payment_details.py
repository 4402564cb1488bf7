"""`pledger partners payee` and `pledger programs payer`: the accounts money goes to and from.

Set with options; without any they are shown. Account numbers are shown by their ends alone:
what stands on a screen is read by others.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.display import AsJson, By, say
from cli.ledger import decisions
from cli.reading import BadOption
from cli.system import Home, settings_of

METHODS = ("bank", "paypal", "wise")
ENDS = 4
"""Characters of an account number that are shown, of each end."""


def add_commands(partners: typer.Typer, programs: typer.Typer) -> None:
    """Add `payee` to the one group and `payer` to the other."""
    partners.command("payee")(payee)
    programs.command("payer")(payer)


def payee(
    partner: Annotated[str, typer.Argument(help="The partner's id.")],
    method: Annotated[str, typer.Option(help=f"How it is paid: {', '.join(METHODS)}.")] = "",
    name: Annotated[str, typer.Option(help="Of the account's holder.")] = "",
    iban: Annotated[str, typer.Option(help="For bank and wise.")] = "",
    bic: Annotated[str, typer.Option(help="Of its bank.")] = "",
    email: Annotated[str, typer.Option(help="For paypal and wise.")] = "",
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say where a partner is paid from now on; without --method: show where it is.

    Examples:

        pledger partners payee jane --method bank --name "Jane Doe" --iban DE89370400440532013000

        pledger partners payee zoe --method paypal --name Zoe --email zoe@example.com
    """
    details = {"name": name, "iban": iban, "bic": bic, "email": email, "country": country}
    with decisions(settings_of(home)) as ledger:
        if method:
            if method not in METHODS:
                raise BadOption(f"--method {method!r}: expected one of {', '.join(METHODS)}")
            ledger.set_payee(partner, method, by=by, **details)  # type: ignore[arg-type]
        elif any(details.values()):
            raise BadOption(f"--method is missing: expected one of {', '.join(METHODS)}")
        found = ledger.partner(partner).payee
    if found is None:
        say(f"partner {partner} has no payee details", {"partner": partner}, as_json=as_json)
        return
    to = " ".join(part for part in (masked(found.iban), found.bic, found.email) if part)
    facts = {"partner": partner, "method": found.method, "name": found.name}
    say(
        f"partner {partner} is paid by {found.method}: {found.name}, {to}",
        {**facts, "iban": masked(found.iban), "bic": found.bic, "email": found.email},
        as_json=as_json,
    )


def payer(
    program: Annotated[str, typer.Argument(help="The program's id.")],
    name: Annotated[str, typer.Option(help="Of the account's holder.")] = "",
    iban: Annotated[str, typer.Option(help="Of the account that pays.")] = "",
    bic: Annotated[str, typer.Option(help="Of its bank.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say from which account a program pays from now on; without --iban: show it.

    Example:

        pledger programs payer acme --name "Acme Ltd" --iban DE75512108001245126199
    """
    with decisions(settings_of(home)) as ledger:
        if iban:
            ledger.set_payer(program, name or ledger.program(program).name, iban, bic, by=by)
        elif name or bic:
            raise BadOption("--iban is missing: the account that pays")
        found = ledger.program(program).payer
    if found is None:
        say(f"program {program} has no paying account", {"program": program}, as_json=as_json)
        return
    facts: dict[str, Any] = {"program": program, "name": found.name, "iban": masked(found.iban)}
    say(
        f"program {program} pays from {' '.join((masked(found.iban), found.bic)).strip()} "
        f"of {found.name}",
        {**facts, "bic": found.bic},
        as_json=as_json,
    )


def masked(iban: str) -> str:
    """The ends of an account number: `DE89…3000`; what says that it is gone, whole."""
    return f"{iban[:ENDS]}…{iban[-ENDS:]}" if iban.isalnum() else iban
