"""`pledger payout`: money that leaves, in two phases.

requested → funded, or refused with a reason (the ledger decides, a moment later) → sent →
settled, or failed, which makes the money available again. At most one outcome.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.display import AsJson, By, Column, say, show, text
from cli.ledger import decisions, directory, rows, warehouse
from cli.money import shown
from cli.reading import BadOption, amount
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from aggregates.application import Decisions

app = typer.Typer(no_args_is_help=True, help="Payouts: request, send, settle or fail.")

Payout = Annotated[str, typer.Argument(help="The payout's id.")]
Reference = Annotated[str, typer.Option(help="The bank's or processor's own id.")]

ASK_AGAIN_S = 0.05
STATUSES = ("requested", "funded", "refused", "sent", "settled", "failed")

LISTING = """
SELECT payout, program, partner, unit, requested, amount, status, reason, reference, entry,
    requested_on, funded_on, sent_on, ended_on
FROM payouts
WHERE ({partner:String} = '' OR partner = {partner:String})
  AND ({program:String} = '' OR program = {program:String})
  AND ({status:String} = '' OR status = {status:String})
ORDER BY requested_on, payout
"""


@app.command()
def request(
    partner: Annotated[str, typer.Argument(help="The partner's id.")],
    program: Annotated[str, typer.Option(help="The program that pays.")],
    unit: Annotated[str, typer.Option(help="Currency; default: the program's.")] = "",
    wanted: Annotated[
        str, typer.Option("--amount", help="As 12.50; default: all that is available.")
    ] = "",
    payout: Annotated[
        str, typer.Option("--id", help="Name it: the same request again changes nothing.")
    ] = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait for the answer.", min=0)] = 5.0,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a payout, and wait for the ledger to fund or refuse it.

    Exit code 1 when it is refused.

    Examples:

        pledger payout request jane --program acme

        pledger payout request jane --program acme --amount 100.00 --id po-2025-03-jane
    """
    settings = settings_of(home)
    if not unit:
        with directory(settings) as follower:
            found = follower.directory.program(program, follower.directory.count)
        if found is None:
            raise BadOption(f"program {program!r} does not exist; see `pledger programs list`")
        unit = found.currency
    payout = payout or f"po-{partner[:40]}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    asked = amount("--amount", wanted, unit) if wanted else 0
    if wanted and asked <= 0:
        raise BadOption(
            f"--amount {wanted!r}: expected more than zero; leave it out to ask for all"
        )
    with decisions(settings) as ledger:
        ledger.request_payout(payout, partner, program, unit, asked, by=by)
        decided = _await(ledger, payout, wait)
    funded = int(decided.amount) if decided.status != "requested" else 0
    answer = {
        "payout": payout,
        "partner": partner,
        "program": program,
        "unit": unit,
        "requested": asked,
        "amount": funded,
        "status": decided.status,
        "reason": decided.reason,
    }
    say(_sentence(answer), answer, as_json=as_json)
    if decided.status == "refused":
        raise typer.Exit(1)


@app.command()
def send(
    payout: Payout,
    reference: Reference = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that the money is on its way."""
    with decisions(settings_of(home)) as ledger:
        ledger.send_payout(payout, reference, by=by)
    _say(f"payout {payout} sent", payout, "sent", as_json)


@app.command()
def settle(
    payout: Payout,
    reference: Reference = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that the partner has the money."""
    with decisions(settings_of(home)) as ledger:
        ledger.settle_payout(payout, reference, by=by)
    _say(f"payout {payout} settled", payout, "settled", as_json)


@app.command()
def fail(
    payout: Payout,
    reason: Annotated[str, typer.Option(help="What went wrong.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that the money did not arrive: it is available again."""
    with decisions(settings_of(home)) as ledger:
        ledger.fail_payout(payout, reason, by=by)
    _say(f"payout {payout} failed; the money is available again", payout, "failed", as_json)


@app.command("list")
def list_payouts(
    partner: Annotated[str, typer.Option(help="Only those of one partner.")] = "",
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    status: Annotated[str, typer.Option(help=f"Only these: {', '.join(STATUSES)}.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List payouts, from the warehouse."""
    if status and status not in STATUSES:
        raise BadOption(f"--status {status!r}: expected one of {', '.join(STATUSES)}")
    with warehouse(settings_of(home)) as client:
        found = rows(client, LISTING, partner=partner, program=program, status=status)
    columns = [
        text("payout", "payout"),
        text("partner", "partner"),
        text("program", "program"),
        Column("requested", _requested, right=True),
        Column("amount", _amount, right=True),
        text("status", "status"),
        Column("note", lambda row: str(row["reason"] or row["reference"])),
        Column("requested on", lambda row: f"{row['requested_on']:%Y-%m-%d %H:%M}"),
    ]
    show(found, columns, as_json=as_json, empty="no payouts")


def _requested(row: Any) -> str:
    return shown(row["requested"], row["unit"]) if row["requested"] else "all available"


def _amount(row: Any) -> str:
    return shown(row["amount"], row["unit"]) if row["funded_on"] else ""


def _await(ledger: Decisions, payout: str, seconds: float) -> Any:
    """The payout once the ledger decided, or as it stands after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = ledger.payout(payout)
        if found.status != "requested" or time.monotonic() > deadline:
            return found
        time.sleep(ASK_AGAIN_S)


def _sentence(answer: dict[str, Any]) -> str:
    name = f"payout {answer['payout']}"
    if answer["status"] == "requested":
        return f"{name} requested; not decided yet: is a worker running? See `pledger status`"
    if answer["status"] == "refused":
        return f"{name} refused: {answer['reason']}"
    return f"{name} {answer['status']}: {shown(answer['amount'], answer['unit'])}"


def _say(sentence: str, payout: str, status: str, as_json: bool) -> None:
    say(sentence, {"payout": payout, "status": status}, as_json=as_json)
