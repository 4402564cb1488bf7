"""`pledger audit`, whose commands stand in modules of their own, and `pledger replay`.

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be audited.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console

from audit.log import DEFAULT_PATIENCE_S
from cli.audit_index import audit_index
from cli.audit_partner import audit_partner
from cli.audit_parts import Patience
from cli.audit_payout import audit_payout
from cli.audit_state import audit_state
from cli.display import AsJson, print_json
from cli.progress import Shown, ShownProgress
from cli.proofs import print_report
from cli.system import Home, settings_of
from cli.what_if_options import (
    TOP,
    Begins,
    CountClicks,
    Ends,
    Files,
    RefuseClicks,
    Top,
    ToWarehouse,
    WhatIfOptions,
    WithoutIndividual,
)

audit_app = typer.Typer(
    no_args_is_help=True, help="Prove a payout, a partner, an invoice or a run from the log alone."
)

audit_app.command("payout")(audit_payout)
audit_app.command("partner")(audit_partner)
audit_app.command("index")(audit_index)
audit_app.command("state")(audit_state)


def replay(
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Compare what the log says with what follows from it."),
    ] = False,
    partner: Annotated[str, typer.Option("--partner", help="Only this partner's account.")] = "",
    program: Annotated[
        str,
        typer.Option(
            "--program",
            help="Only this program's conversions and entries. What-if: whose terms; default: "
            "the only one.",
        ),
    ] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Use nothing that an interrupted replay kept.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", help="Default: as many as processors.", min=0)
    ] = 0,
    what_if: Files = None,
    begins: Begins = "",
    ends: Ends = "",
    without_individual: WithoutIndividual = False,
    count_clicks: CountClicks = "",
    refuse_clicks: RefuseClicks = None,
    top: Top = TOP,
    to_warehouse: ToWarehouse = "",
    shown: ShownProgress = Shown.AUTO,
    as_json: AsJson = False,
    patience: Patience = DEFAULT_PATIENCE_S,
    home: Home = None,
) -> None:
    """Decide the ledger again, from the first record, and compare byte for byte; or ask
    what would have been paid under other terms, which writes nothing to the log.

    All of it is verified, or one partner or program. Interrupted, the next replay of the same
    goes on where it was, to the ends it began with.

    Examples:

        pledger replay --verify

        pledger replay --verify --partner jane

        pledger replay --verify --progress plain --json > report.json

        pledger replay --what-if terms.toml --program acme

        pledger replay --what-if terms.toml --from 2026-01-01 --to 2026-07-01 --top 20

        pledger replay --count-clicks bot,prefetch --program acme --json
    """
    found = settings_of(home)
    asked = WhatIfOptions(
        tuple(what_if or ()), begins, ends, without_individual, count_clicks,
        tuple(refuse_clicks or ()), top, to_warehouse,
    )  # fmt: skip
    if asked.asked and (partner or fresh):
        given = "--partner" if partner else "--fresh"
        typer.echo(f"error: {given} is of --verify; a what-if is of whole programs", err=True)
        raise typer.Exit(2)
    if asked.asked and not verify:
        from cli.what_if import ask_what_if

        ask_what_if(
            found,
            asked,
            program=program,
            processes=processes,
            patience=patience,
            shown=shown,
            as_json=as_json,
        )
        return
    if asked.asked or asked.stray() or not verify:
        why = f"{asked.stray()} is of a what-if" if asked.stray() else "say what to do"
        typer.echo(
            f"error: {why}: pledger replay --verify, or pledger replay --what-if terms.toml",
            err=True,
        )
        raise typer.Exit(2)
    if partner and program:
        typer.echo("error: --partner and --program: name one, or neither for all", err=True)
        raise typer.Exit(2)
    from audit.scope import Scope
    from cli.replaying import verified_replay

    report = verified_replay(
        found,
        Scope(partner, program),
        fresh=fresh,
        processes=processes,
        patience=patience,
        shown=shown,
        as_json=as_json,
    )
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_report(Console(), report)
        if report.verified:
            typer.echo("verified")
    if not report.verified:
        raise typer.Exit(1)
