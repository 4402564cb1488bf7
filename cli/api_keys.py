"""`pledger api-keys`: who may decide over HTTP, each person under a key of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, By, Column, print_json, say, show, text
from cli.ledger import decisions, directory
from cli.reading import iso
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Keys to the API, each of one person.")


@app.command()
def create(
    person: Annotated[str, typer.Argument(help="Who holds it: decides what it decides.")],
    key: Annotated[
        str, typer.Option("--id", help="Name it, as ann-laptop; default: a random id.")
    ] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Issue a key, and show it: this once.

    The log keeps the SHA-256 of its secret. Who sends the key as `Authorization: Bearer …`
    decides as its person, whatever the request says.

    Examples:

        pledger api-keys create ann --by root

        pledger api-keys create ann --id ann-laptop --json | jq -r .token
    """
    from aggregates.api_key import new_key

    made = new_key(key)
    with decisions(settings_of(home)) as ledger:
        ledger.issue_api_key(made.key, person, made.sha256, by=by)
    if as_json:
        print_json({"key": made.key, "person": person, "token": made.token})
        return
    typer.echo(made.token)
    typer.echo(f"key {made.key} of {person}; it is not shown again", err=True)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id: what stands after `plk_`.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Close a key: it opens nothing any longer, and is never opened again.

    Example:

        pledger api-keys revoke ann-laptop --reason "the laptop is lost" --by root
    """
    with decisions(settings_of(home)) as ledger:
        ledger.revoke_api_key(key, reason, by=by)
    say(f"key {key} revoked", {"key": key, "revoked": True}, as_json=as_json)


@app.command("list")
def list_keys(
    person: Annotated[str, typer.Option(help="Only those of one person.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the keys, also revoked ones. Their secrets are kept nowhere.

    Example:

        pledger api-keys list --person ann
    """
    with directory(settings_of(home)) as follower:
        rows = [
            {
                "key": view.key,
                "person": view.person,
                "issued": iso(view.issued_at),
                "issued_by": view.issued_by,
                "is_revoked": view.is_revoked,
                "revoked": iso(view.revoked_at),
                "reason": view.reason,
            }
            for view in follower.directory.api_keys()
            if person in {"", view.person}
        ]
    columns = [
        text("key", "key"),
        text("person", "person"),
        text("issued", "issued"),
        text("by", "issued_by"),
        Column("status", lambda row: "revoked" if row["is_revoked"] else "open"),
        text("revoked", "revoked"),
        text("reason", "reason"),
    ]
    show(rows, columns, as_json=as_json, empty="no keys; issue one: pledger api-keys create PERSON")
