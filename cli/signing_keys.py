"""`pledger signing-keys`: the keys that sign checkpoints, and their succession.

The first is made when the ledger first runs. A rotation makes a new one, vouched for by a
signature of the one before, which signs nothing from then on.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.display import AsJson, By, print_json, say, show, text
from cli.ledger import decisions, require_broker
from cli.signing import key_files, ledger_id, signer
from cli.system import Home, settings_of

app = typer.Typer(no_args_is_help=True, help="Keys that sign checkpoints: list, rotate, retire.")


@app.command("list")
def list_keys(as_json: AsJson = False, home: Home = None) -> None:
    """List the signing keys, oldest first, each as a verifier keeps it (name+hash+base64).

    Example:

        pledger signing-keys list --json | jq -r '.[-1].vkey'
    """
    from audit.log import KafkaLog
    from audit.signed import read_signed

    settings = settings_of(home)
    require_broker(settings)
    ledger, held = ledger_id(settings), key_files(settings).held()
    signed = read_signed(KafkaLog(settings.broker))
    rows = []
    for key in signed.keys:
        public = signed.public_key(key, ledger)
        retired = f"retired: {key.reason}" if key.reason else "retired"
        rows.append(
            {
                "key": key.fact.key,
                "state": "signs" if key.retired is None else retired,
                "vouched_for_by": key.fact.previous,
                "here": key.fact.key in held,
                "by": key.fact.by,
                "vkey": public.vkey if public else "",
                "position": key.position,
            }
        )
    columns = (
        text("key", "key"),
        text("state", "state"),
        text("vouched for by", "vouched_for_by"),
        text("private key here", "here"),
        text("public key", "vkey"),
    )
    show(rows, columns, as_json=as_json, empty="no signing key yet; the first run makes one")


@app.command()
def rotate(by: By = "", as_json: AsJson = False, home: Home = None) -> None:
    """Sign with a new key from now on; the one before vouches for it and is retired.

    A checkpoint is signed with it at once. Needs the present private key.

    Example:

        pledger signing-keys rotate --by ann
    """
    from audit.rotation import rotate_key

    settings = settings_of(home)
    with decisions(settings) as ledger:
        made = rotate_key(ledger, key_files(settings), ledger_id(settings), by)
        signed = signer(settings).sign(ledger, by)
    public = made.public
    if as_json:
        number = signed.checkpoint if signed else None
        print_json({"key": public.id, "vkey": public.vkey, "checkpoint": number})
        return
    typer.echo(public.vkey)
    typer.echo(
        f"key {public.id} signs from now on; tell it to those who keep checkpoints", err=True
    )


@app.command()
def retire(
    key: Annotated[str, typer.Argument(help="The key's id.")],
    reason: Annotated[str, typer.Option(help="Why: lost, stolen.")],
    by: By = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Let a key count for nothing from now on, though no other one takes its place.

    For one that was lost or stolen. What it signed before stays. Nobody can vouch for the next
    key then (`rotate` makes it): tell it to those who keep checkpoints by another way.

    Example:

        pledger signing-keys retire 0a1b2c3d --reason stolen --by ann
    """
    with decisions(settings_of(home)) as ledger:
        ledger.retire_signing_key(key, reason, by=by)
    say(f"signing key {key} is retired", {"key": key, "retired": True}, as_json=as_json)
