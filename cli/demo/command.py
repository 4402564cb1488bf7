"""The `demo` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    clicks: Annotated[
        Path | None,
        typer.Option("--clicks", help="A web server's log.", exists=True, dir_okay=False),
    ] = None,
    deals: Annotated[
        Path | None,
        typer.Option("--deals", help="An order list (CSV).", exists=True, dir_okay=False),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help="What its columns mean.", exists=True, dir_okay=False),
    ] = None,
    own_site: Annotated[
        str, typer.Option(help="The log's own host; default: the one that refers most.")
    ] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the ledger's directory.")] = False,
) -> None:
    """From nothing to a proved payout, on a real broker and a real warehouse.

    Runs in a temporary directory, on free ports, and stops all it started.

    Examples:

        pledger demo

        pledger demo --clicks access.log --deals orders.csv --map orders.toml
    """
    if (deals is None) != (map_file is None):
        raise typer.BadParameter("--deals and --map go together")
    from rich.console import Console

    from cli.demo.run import DemoFailed, OwnFiles, run_demo

    try:
        run_demo(Console(), OwnFiles(clicks, deals, map_file, own_site), keep=keep)
    except DemoFailed as failed:
        typer.echo(f"NOT VERIFIED: {failed}", err=True)
        raise typer.Exit(1) from failed
