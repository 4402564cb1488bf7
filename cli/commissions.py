"""`pledger commissions`: what a person decides of one commission, with a reason.

    hold      it waits
    release   it is owed as if it had never waited
    reject    all that is left of it is taken back, for good
    adjust    an amount is added, or taken off

A commission is named by its partner and its deal, or the event id of a lead; an override of a
sub-partner's deal also by that sub-partner (`--via`). What is not booked cannot be decided of;
what becomes of the decision the journal says, a moment later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asked import unit_owed
from cli.display import AsJson, By, Column, say, show, text
from cli.ledger import decisions, directory, require_broker
from cli.money import shown
from cli.reading import BadOption, amount, iso
from cli.reviewed import require_booked
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from aggregates.commission import Reviewed

app = typer.Typer(no_args_is_help=True, help="Reviews: hold, release, reject or adjust.")

Partner = Annotated[str, typer.Argument(help="The partner's id.")]
Program = Annotated[str, typer.Option(help="The program's id.")]
Deal = Annotated[str, typer.Option(help="The deal's id.")]
Event = Annotated[str, typer.Option("--event", help="A lead's event id, which has no deal.")]
Via = Annotated[str, typer.Option(help="Of an override: the sub-partner that brought the deal.")]
Reason = Annotated[str, typer.Option(help="Kept with the decision, and on the entry.")]


@app.command()
def hold(
    partner: Partner,
    program: Program,
    reason: Reason,
    deal: Deal = "",
    event: Event = "",
    via: Via = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let a commission wait until it is released or rejected.

    Example:

        pledger commissions hold jane --program acme --deal D-1009 --reason "order under review"
    """
    of = _one(program, partner, deal, event, via)
    settings = settings_of(home)
    with decisions(settings) as ledger:
        warning = require_booked(settings, ledger, of, "held", reason)
        ledger.hold_commission(program, partner, deal, event, reason, via, by=by)
    _tell("held", of, reason, as_json, warning)


@app.command()
def release(
    partner: Partner,
    program: Program,
    reason: Reason = "",
    deal: Deal = "",
    event: Event = "",
    via: Via = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Owe a held commission as if it had not been held.

    Example:

        pledger commissions release jane --program acme --deal D-1009 --reason "order is good"
    """
    of = _one(program, partner, deal, event, via)
    settings = settings_of(home)
    with decisions(settings) as ledger:
        warning = require_booked(settings, ledger, of, "released", reason)
        ledger.release_commission(program, partner, deal, event, reason, via, by=by)
    _tell("released", of, reason, as_json, warning)


@app.command()
def reject(
    partner: Partner,
    program: Program,
    reason: Reason,
    deal: Deal = "",
    event: Event = "",
    via: Via = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take all of a commission back, for good.

    Example:

        pledger commissions reject jane --program acme --event s-77 --reason "made-up address"
    """
    of = _one(program, partner, deal, event, via)
    settings = settings_of(home)
    with decisions(settings) as ledger:
        warning = require_booked(settings, ledger, of, "rejected", reason)
        ledger.reject_commission(program, partner, deal, event, reason, via, by=by)
    _tell("rejected", of, reason, as_json, warning)


@app.command()
def adjust(
    partner: Partner,
    program: Program,
    change: Annotated[str, typer.Option("--amount", help="What is added, as 5.00 or -5.00.")],
    reason: Reason,
    deal: Deal = "",
    event: Event = "",
    via: Via = "",
    unit: Annotated[
        str, typer.Option(help="The commission's; default: the partner's currency.")
    ] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Correct a commission; later refunds are in proportion of the corrected one.

    Example:

        pledger commissions adjust jane --program acme --deal D-1009 --amount -5.00 \\
            --reason "agreed on the phone"
    """
    of = _one(program, partner, deal, event, via)
    settings = settings_of(home)
    with directory(settings) as follower:
        unit = unit_owed(follower.directory, program, partner, unit)
    minor = amount("--amount", change, unit)
    if not minor:
        raise BadOption(f"--amount {change!r}: expected more or less than zero")
    with decisions(settings) as ledger:
        require_booked(settings, ledger, of, "adjusted", reason)
        ledger.adjust_commission(program, partner, minor, deal, event, reason, via, by=by)
    change = f"{'+' if minor > 0 else ''}{shown(minor, unit)}"
    _tell(f"adjusted by {change}", of, reason, as_json)


@app.command("list")
def list_waiting(
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    partner: Annotated[str, typer.Option(help="Only those of one partner.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the commissions that wait for a person, and why; read from the journal.

    Example:

        pledger commissions list --program acme
    """
    from cli.progress import bar
    from projections.waiting import WaitingList
    from streams.journal_reading import entries, journal_ends

    settings = settings_of(home)
    require_broker(settings)
    ends = journal_ends(settings.broker)
    fold = WaitingList(program, partner)
    with bar("reading the journal", sum(ends.values()), "entries") as advance:
        for posted in entries(settings.broker, ends, advance):
            fold.take(posted.entry, posted.position)
    rows = [plain(found) for found in fold.waiting()]
    columns = [
        text("held", "held"),
        text("partner", "partner"),
        text("program", "program"),
        Column("for", lambda row: str(row["deal"] or row["event_id"])),
        text("via", "via"),
        Column(
            "amount",
            lambda row: ", ".join(shown(many, unit) for unit, many in row["amounts"].items()),
            right=True,
        ),
        text("why", "reason"),
        text("by", "by"),
        text("entry", "entry"),
    ]
    show(rows, columns, as_json=as_json, empty="no commission waits for a review")


def plain(waiting: Any) -> dict[str, Any]:
    """A waiting commission with its time as ISO 8601."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(waiting)
    found["held"] = iso(found.pop("held_at"))
    return found


def _one(program: str, partner: str, deal: str, event: str, via: str) -> Reviewed:
    from aggregates.commission import Reviewed

    if bool(deal) == bool(event):
        raise BadOption("which commission? give --deal, or --event for a lead")
    return Reviewed(program, partner, deal, event, via)


def _tell(done: str, of: Reviewed, reason: str, as_json: bool, warning: str = "") -> None:
    through = f" by way of {of.via}" if of.via else ""
    because = f": {reason}" if reason else ""
    name = of.deal or of.event_id
    say(
        f"commission of {of.partner} for {name}{through} {done}{because}",
        {
            "partner": of.partner,
            "program": of.program,
            "of": name,
            "via": of.via,
            "decided": done.partition(" ")[0],
            "reason": reason,
        },
        as_json=as_json,
    )
    if warning:
        typer.echo(f"warning: {warning}", err=True)
