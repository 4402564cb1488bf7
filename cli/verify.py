"""`pledger verify`: hold a proof, or the ledger, against what somebody kept outside of it.

    pledger verify FILE                  a bundle, on any machine: needs no ledger
    pledger verify --against CHECKPOINT  this ledger's history up to a signed checkpoint

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be verified.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.display import AsJson
from cli.system import Home


def verify(
    file: Annotated[
        Path | None, typer.Argument(help="A bundle, as `pledger audit payout --export` writes it.")
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="CHECKPOINT", help="A kept checkpoint's file; - for stdin."
        ),
    ] = "",
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="VKEY", help="The signing key you know, as name+hash+base64."
        ),
    ] = "",
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write what a bundle proves, for people: .html or .pdf."),
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Check a bundle by itself, or this ledger against a checkpoint that a third party kept.

    Examples:

        pledger verify po-2026-11-jane.zip

        pledger verify po-2026-11-jane.zip --against checkpoint-12.txt --report proof.pdf

        pledger verify --against checkpoint-12.txt

        ssh auditor cat checkpoint-12.txt | pledger verify --against -
    """
    if file is not None:
        from cli.bundles import verify_bundle

        verify_bundle(file, against=against, key=key, as_json=as_json, report=report)
    elif against:
        from cli.against import verify_against

        verify_against(against, key=key, as_json=as_json, home=home)
    else:
        typer.echo(
            "error: say what to verify: a bundle's FILE, or --against a kept checkpoint", err=True
        )
        raise typer.Exit(2)
