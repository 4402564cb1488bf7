"""`pledger audit partner`: what became of every conversion that has to do with a partner.

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be audited.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from audit.log import DEFAULT_PATIENCE_S
from audit.told import Summary, Told
from cli.audit_parts import Patience, click_keys, ledger_to_prove, proving
from cli.display import AsJson, count, print_json, print_table, text
from cli.money import shown
from cli.system import Home


def audit_partner(
    partner: Annotated[str, typer.Argument(help="The partner's id.")],
    program: Annotated[
        str, typer.Option("--program", help="Tell of this program's conversions only.")
    ] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="Each conversion, with its coordinates.")
    ] = False,
    as_json: AsJson = False,
    patience: Patience = DEFAULT_PATIENCE_S,
    home: Home = None,
) -> None:
    """Prove that nothing was passed over: each conversion was posted, or refused with a reason.

    A conversion has to do with a partner if it names the partner, one of its links or its
    coupons, if another record of its customer does, or if the partner registered the
    customer; and likewise for those below it. The whole account is proved with it, and that
    nothing of it stands elsewhere in the log.

    Examples:

        pledger audit partner jane

        pledger audit partner jane --program acme --list

        pledger audit partner jane --json | jq '.told[] | select(.became == "refused")'
    """
    found = ledger_to_prove(home)
    from audit.completeness import UnknownPartner, prove_completeness
    from audit.log import KafkaLog

    with proving("reading the log", as_json, UnknownPartner) as progress:
        proved = prove_completeness(
            KafkaLog(found.broker),
            partner,
            click_keys(found),
            program=program,
            patience=patience,
            progress=progress,
        )
    if as_json:
        print_json({"verified": True, **msgspec.to_builtins(proved)})
        return
    if listed:
        _list(proved.told)
    of = f" of {program}" if program else ""
    _sum(f"conversions{of} that have to do with {partner}", proved.summary)
    caused = ", ".join(
        f"{times:,} {kind}" for kind, times in sorted(proved.summary.other_entries.items())
    )
    typer.echo(
        f"{proved.summary.named:,} of {proved.summary.conversions:,} name the partner themselves, "
        "the others by their customer"
    )
    if caused:
        typer.echo(f"entries that no conversion caused: {caused}")
    typer.echo(
        f"decided again, byte for byte: {proved.entries:,} entries; {proved.records:,} records read"
    )
    typer.echo("verified")


def _sum(title: str, summary: Summary) -> None:
    rows = [
        {
            "became": one.became,
            "reason": one.reason,
            "conversions": one.conversions,
            "amounts": _amounts(one.amounts),
        }
        for one in summary.sums
    ]
    columns = [
        text("what became of them", "became"),
        text("why", "reason"),
        count("conversions", "conversions"),
        text("adds to what is owed", "amounts"),
    ]
    print_table(rows, columns, title=title)


def _list(told: list[Told]) -> None:
    rows = [
        {
            "conversion": one.conversion,
            "what": " ".join(part for part in (one.kind, one.deal or one.event_id) if part),
            "customer": one.customer,
            "named": one.named_by,
            "became": one.became + (f": {one.reason}" if one.reason else ""),
            "amounts": _amounts(one.amounts),
            "entries": " ".join(one.entries),
        }
        for one in told
    ]
    columns = [
        text("conversion", "conversion"),
        text("what", "what"),
        text("customer", "customer"),
        text("named by", "named"),
        text("became", "became"),
        text("amounts", "amounts"),
        text("entries", "entries"),
    ]
    print_table(rows, columns)


def _amounts(amounts: dict[str, int]) -> str:
    return ", ".join(shown(amount, unit) for unit, amount in sorted(amounts.items()))
