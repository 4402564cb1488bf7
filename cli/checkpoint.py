"""`pledger checkpoint`: the ledger as it stands, in a few signed lines for others to keep.

A checkpoint has the root of a Merkle tree for every partition of the journal and of the
facts. Who keeps one can show later whether anything before it was changed
(`pledger verify --against`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.audit_parts import proving
from cli.display import AsJson, By, Column, count, print_json, show, text
from cli.ledger import NotReady, decisions, require_broker
from cli.reading import iso
from cli.signing import ledger_id, signer
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from audit.signed import Checkpoint, Signed

app = typer.Typer(invoke_without_command=True)


@app.callback()
def checkpoint(
    context: typer.Context,
    sign: Annotated[
        bool, typer.Option("--sign", help="First sign all there is, if anything came since.")
    ] = False,
    number: Annotated[
        int, typer.Option("--number", help="An older one; 0: the newest.", min=0)
    ] = 0,
    by: By = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Print the newest signed checkpoint, for a third party to keep.

    The scheduler signs one every 15 minutes in which anything was added
    (PLEDGER_CHECKPOINT_MINUTES). The text is a signed note in the form of C2SP.

    Examples:

        pledger checkpoint > checkpoint.txt

        pledger checkpoint --sign --json | jq .trees

        pledger checkpoint list
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(home)
    if sign:
        with decisions(settings) as ledger, proving("reading what came since") as progress:
            signer(settings, progress).sign(ledger, by)
    require_broker(settings)
    signed = _signed(home)
    found = [one for one in signed.checkpoints if number in (0, one.fact.checkpoint)]
    if not found:
        raise NotReady(
            f"there is no checkpoint {number}; `pledger checkpoint list` shows those there are"
            if number
            else "no checkpoint was signed yet; `pledger checkpoint --sign` signs one"
        )
    if as_json:
        print_json(_row(signed, found[-1], ledger_id(settings)) | {"note": found[-1].fact.note})
    else:
        typer.echo(found[-1].fact.note, nl=False)


@app.command("list")
def list_checkpoints(as_json: AsJson = False, home: Home = None) -> None:
    """List the checkpoints, oldest first.

    Example:

        pledger checkpoint list --json | jq '.[-1].trees'
    """
    settings = settings_of(home)
    require_broker(settings)
    signed, ledger = _signed(home), ledger_id(settings)
    columns = (
        count("checkpoint", "checkpoint"),
        text("signed", "recorded_at"),
        text("key", "key"),
        Column("journal", lambda row: f"{_leaves(row['trees'], 'journal'):,} entries", right=True),
        Column("conversions", lambda row: f"{_leaves(row['trees'], 'conversions'):,}", right=True),
        Column("decisions", lambda row: f"{_leaves(row['trees'], 'decisions'):,}", right=True),
        text("position", "position"),
    )
    rows = [_row(signed, one, ledger) for one in signed.checkpoints]
    show(rows, columns, as_json=as_json, empty="no checkpoint was signed yet")


def _signed(home: Any) -> Signed:
    from audit.log import KafkaLog
    from audit.signed import read_signed

    with proving("reading the decisions") as progress:
        return read_signed(KafkaLog(settings_of(home).broker), progress)


def _row(signed: Signed, found: Checkpoint, ledger: str) -> dict[str, Any]:
    fact = found.fact
    key = signed.key(fact.key)
    public = signed.public_key(key, ledger) if key else None
    return {
        "checkpoint": fact.checkpoint,
        "ledger": fact.ledger,
        "recorded_at": iso(found.recorded_at),
        "trees": {
            name: {"size": tree.size, "root": tree.root} for name, tree in fact.trees.items()
        },
        "previous": fact.previous,
        "key": fact.key,
        "vkey": public.vkey if public else "",
        "by": fact.by,
        "position": found.position,
    }


def _leaves(trees: dict[str, dict[str, Any]], topic: str) -> int:
    """How many leaves the trees of a topic have together."""
    return sum(tree["size"] for name, tree in trees.items() if name.startswith(f"{topic}/"))
