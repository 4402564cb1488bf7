"""`pledger`: the command line of the ledger.

Each group of commands stands in a module of its own below `cli/` and is added here by
name; a module that is asked for loads, the others do not, so that a command answers at
once.
"""

from __future__ import annotations

import os
import sys

import typer

from cli.system import add_system_commands

app = typer.Typer(
    name="pledger",
    help="A ledger for partner programs: from a click to a proved payout.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
add_system_commands(app)


def main() -> None:
    """Entry point: domain errors are said in words, with exit code 2; no traceback.

    `PLEDGER_DEBUG=1` shows the traceback.
    """
    from deploy import DeployError
    from events.settings import SettingsError

    try:
        app()
    except (DeployError, SettingsError) as error:
        if os.environ.get("PLEDGER_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
