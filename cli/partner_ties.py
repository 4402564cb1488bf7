"""`pledger partners recruit|currency|identify`: whom a partner stands below, what it is paid in,
and which customers are the partner itself."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, By, say
from cli.ledger import decisions
from cli.system import Home, settings_of

Partner = Annotated[str, typer.Argument(help="The partner's id.")]


def add_commands(app: typer.Typer) -> None:
    """Put these beside the other commands on partners."""
    for command in (recruit, currency, identify):
        app.command()(command)


def recruit(
    partner: Partner,
    program: Annotated[str, typer.Option(help="The program's id.")],
    parent: Annotated[str, typer.Option(help="Who recruited it; '' for nobody any longer.")],
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put a partner below another, who earns the terms' overrides of what it brings.

    Example:

        pledger partners recruit ben --program acme --parent jane
    """
    with decisions(settings_of(home)) as ledger:
        ledger.recruit(partner, program, parent, by=by)
    below = f"stands below {parent}" if parent else "stands below nobody"
    say(
        f"partner {partner} {below} in {program}",
        {"partner": partner, "program": program, "parent": parent},
        as_json=as_json,
    )


def currency(
    partner: Partner,
    currency: Annotated[str, typer.Argument(help="ISO 4217.")],
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say what a partner is paid in from now on; what it earned stays as it is.

    Example:

        pledger partners currency jane USD
    """
    with decisions(settings_of(home)) as ledger:
        ledger.set_partner_currency(partner, currency.upper(), by=by)
    say(
        f"partner {partner} is paid in {currency.upper()} from now on",
        {"partner": partner, "currency": currency.upper()},
        as_json=as_json,
    )


def identify(
    partner: Partner,
    identities: Annotated[
        list[str] | None, typer.Argument(help="Customer ids and identities; none: it has none.")
    ] = None,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say which customers are the partner itself: what it buys is a self-referral.

    The list replaces what was said before.

    Example:

        pledger partners identify jane customer-0042 sha256:77af…
    """
    named = list(identities or ())
    with decisions(settings_of(home)) as ledger:
        ledger.identify_partner(partner, named, by=by)
    said = f"is customer {', '.join(named)}" if named else "is no customer"
    say(
        f"partner {partner} {said}",
        {"partner": partner, "identities": named},
        as_json=as_json,
    )
