"""`pledger payouts`: money that leaves, in two phases.

requested → funded, or refused with a reason (the ledger decides, a moment later) → sent →
settled, or failed, which makes the money available again. At most one outcome; one that was
settled may come back (returned). Where the terms ask for two persons a payout is proposed
first, for somebody else to approve. Lists and files stand in modules of their own.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import payout_listing, payout_status
from cli.asked import unit_owed
from cli.display import AsJson, By, say
from cli.ledger import decisions, directory
from cli.money import shown
from cli.reading import BadOption, amount
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from aggregates.application import Decisions

app = typer.Typer(no_args_is_help=True, help="Payouts: request, approve, send, settle, return.")

Payout = Annotated[str, typer.Argument(help="The payout's id.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for the answer.", min=0)]
Reference = Annotated[str, typer.Option(help="The bank's or processor's own id.")]

ASK_AGAIN_S = 0.05


@app.command()
def request(
    partner: Annotated[str, typer.Argument(help="The partner's id.")],
    program: Annotated[str, typer.Option(help="The program that pays.")],
    unit: Annotated[
        str, typer.Option(help="Currency or own unit; default: what the partner is paid in.")
    ] = "",
    wanted: Annotated[
        str, typer.Option("--amount", help="As 12.50; default: all that is available.")
    ] = "",
    payout: Annotated[
        str, typer.Option("--id", help="Name it: the same request again changes nothing.")
    ] = "",
    wait: Wait = 5.0,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a payout, and wait for the ledger to fund or refuse it.

    Exit code 1 when it is refused.

    Examples:

        pledger payouts request jane --program acme

        pledger payouts request jane --program acme --amount 100.00 --id po-2025-03-jane
    """
    settings = settings_of(home)
    with directory(settings) as follower:
        unit = unit_owed(follower.directory, program, partner, unit)
    payout = payout or f"po-{partner[:40]}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    asked = amount("--amount", wanted, unit) if wanted else 0
    if wanted and asked <= 0:
        raise BadOption(
            f"--amount {wanted!r}: expected more than zero; leave it out to ask for all"
        )
    with decisions(settings) as ledger:
        ledger.request_payout(payout, partner, program, unit, asked, by=by)
        _tell(_await(ledger, payout, wait), as_json)


@app.command()
def approve(
    payout: Payout,
    wait: Wait = 5.0,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Approve a payout that somebody else proposed: it is requested now.

    Exit code 1 when the ledger refuses it.

    Example:

        pledger payouts approve po-2025-03-jane --by bob
    """
    with decisions(settings_of(home)) as ledger:
        ledger.approve_payout(payout, by=by)
        _tell(_await(ledger, payout, wait), as_json)


@app.command()
def cancel(
    payout: Payout,
    reason: Annotated[str, typer.Option(help="Why it is not asked for any longer.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a payout that was proposed and not approved.

    Example:

        pledger payouts cancel po-1 --reason "asked for twice" --by ann
    """
    with decisions(settings_of(home)) as ledger:
        ledger.cancel_payout(payout, reason, by=by)
    _say(f"payout {payout} canceled", payout, "canceled", as_json)


@app.command()
def send(
    payout: Payout,
    reference: Reference = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that the money is on its way.

    Example:

        pledger payouts send po-1 --reference "SEPA 1"
    """
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
    """Note that the partner has the money.

    Example:

        pledger payouts settle po-1
    """
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
    """Note that the money did not arrive: it is available again.

    Example:

        pledger payouts fail po-1 --reason "account closed"
    """
    with decisions(settings_of(home)) as ledger:
        ledger.fail_payout(payout, reason, by=by)
    _say(f"payout {payout} failed; the money is available again", payout, "failed", as_json)


@app.command("return")
def return_(
    payout: Payout,
    reason: Annotated[str, typer.Option(help="Why it came back.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that a settled payment came back: the money is available again.

    Example:

        pledger payouts return po-1 --reason "account closed"
    """
    with decisions(settings_of(home)) as ledger:
        ledger.return_payout(payout, reason, by=by)
    _say(f"payout {payout} returned; the money is available again", payout, "returned", as_json)


payout_listing.add_commands(app)
payout_status.add_commands(app)


def _await(ledger: Decisions, payout: str, seconds: float) -> Any:
    """The payout once the ledger decided, or as it stands after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = ledger.payout(payout)
        if found.status != "requested" or time.monotonic() > deadline:
            return found
        time.sleep(ASK_AGAIN_S)


def _tell(payout: Any, as_json: bool) -> None:
    """How the payout stands; raises Exit(1) when the ledger refused it."""
    answer = {
        "payout": payout.payout,
        "partner": payout.partner,
        "program": payout.program,
        "unit": payout.unit,
        "requested": payout.requested_amount,
        "amount": payout.amount,
        "status": payout.status,
        "reason": payout.reason,
    }
    say(_sentence(answer), answer, as_json=as_json)
    if payout.status == "refused":
        raise typer.Exit(1)


def _sentence(answer: dict[str, Any]) -> str:
    name = f"payout {answer['payout']}"
    if answer["status"] == "proposed":
        return f"{name} proposed; somebody else approves it: pledger payouts approve"
    if answer["status"] == "requested":
        return f"{name} requested; not decided yet: is a worker running? See `pledger status`"
    if answer["status"] == "refused":
        return f"{name} refused: {answer['reason']}"
    return f"{name} {answer['status']}: {shown(answer['amount'], answer['unit'])}"


def _say(sentence: str, payout: str, status: str, as_json: bool) -> None:
    say(sentence, {"payout": payout, "status": status}, as_json=as_json)
