"""`pledger runs`: many partners paid at once, each by a payout of its own.

A run's list is decided once, when it starts. Everything after that may break off and be done
again: the payouts that are missing are asked for, the others stay as they are.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import run_schedule
from cli.display import AsJson, By, Column, count, money, show, text
from cli.ledger import decisions, directory, rows, warehouse
from cli.progress import bar, each
from cli.reading import BadOption
from cli.revealing import revealed_payee
from cli.run_display import print_file, print_plan, tell
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from aggregates.application import Decisions

app = typer.Typer(no_args_is_help=True, help="Payout runs: pay many partners at once.")
run_schedule.add_commands(app)

Run = Annotated[str, typer.Argument(help="The run's id.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for the ledger's answers.", min=0)]

LISTING = """
SELECT run, program, unit, payouts, settled, unpaid, amount, started FROM payout_runs
WHERE {program:String} = '' OR program = {program:String}
ORDER BY started, run
"""


@app.command()
def start(
    run: Run,
    program: Annotated[str, typer.Option(help="The program that pays.")],
    unit: Annotated[str, typer.Option(help="Currency; default: the program's.")] = "",
    source: Annotated[
        str, typer.Option("--balances", help="Where balances come from: warehouse or journal.")
    ] = "warehouse",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who would be paid; write nothing.")
    ] = False,
    wait: Wait = 30.0,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Pay every partner of a program that has enough available; or go on with a run.

    Payouts are called RUN-PARTNER. Running it again completes a run that broke off; who is
    paid was decided when it started. Exit code 1 when the ledger refused any.

    Examples:

        pledger runs start 2026-11 --program acme --dry-run

        pledger runs start 2026-11 --program acme --by ann
    """
    from aggregates.errors import NotFound
    from cli.run_plan import planned, start_run

    settings = settings_of(home)
    with decisions(settings) as ledger:
        try:
            found = ledger.run(run)
        except NotFound:
            with directory(settings) as follower:
                candidates = planned(settings, follower, program, unit, source)
            print_plan(candidates, dry_run, as_json)
            if dry_run:
                return
            if not start_run(ledger, run, candidates, by):
                raise BadOption(f"run {run}: nobody can be paid; nothing was started") from None
        else:
            if (found.program, unit or found.unit) != (program, found.unit):
                raise BadOption(f"run {run} is of {found.program} in {found.unit}; choose another")
            if not as_json:
                typer.echo(f"run {run} goes on: {len(found.payouts)} payouts")
        if not dry_run:
            _request(ledger, run, by)
            tell(ledger, run, wait, as_json)


@app.command()
def approve(
    run: Run, wait: Wait = 30.0, by: By = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Approve every proposed payout of a run that somebody else started.

    Example:

        pledger runs approve 2026-11 --by bea
    """
    with decisions(settings_of(home)) as ledger:
        proposed = [one for one in ledger.payouts_of(run) if one.status == "proposed"]
        for payout in each("approving", proposed, len(proposed), "payouts"):
            ledger.approve_payout(payout.payout, by=by)
        tell(ledger, run, wait, as_json)


@app.command("list")
def list_runs(
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List runs, from the warehouse.

    Example:

        pledger runs list --program acme
    """
    with warehouse(settings_of(home)) as client:
        found = rows(client, LISTING, program=program)
    columns = [
        text("run", "run"),
        text("program", "program"),
        count("payouts", "payouts"),
        count("settled", "settled"),
        count("not paid", "unpaid"),
        money("amount", "amount"),
        Column("started", lambda row: f"{row['started']:%Y-%m-%d %H:%M}"),
    ]
    show(found, columns, as_json=as_json, empty="no runs")


@app.command("show")
def show_run(run: Run, home: Home = None, as_json: AsJson = False) -> None:
    """Show each payout of a run as it stands now, from the decisions.

    Example:

        pledger runs show 2026-11
    """
    with decisions(settings_of(home)) as ledger:
        tell(ledger, run, 0.0, as_json, each=True)


@app.command()
def files(
    run: Run,
    shape: Annotated[str, typer.Option("--format", help="pain.001, paypal, wise or bank.")],
    out: Annotated[Path, typer.Option("--out", help="Directory of the file.", file_okay=False)],
    send: Annotated[
        bool, typer.Option("--send", help="Mark what is in it as sent; without: a draft.")
    ] = False,
    again: Annotated[
        int, typer.Option("--again", help="Write file number N once more.", min=0)
    ] = 0,
    execute: Annotated[str, typer.Option(help="Day to pay, as 2026-11-24; default: today.")] = "",
    remittance: Annotated[str, typer.Option(help="What partners read; default: the run.")] = "",
    version: Annotated[str, typer.Option(help="Of pain.001: 03 or 09.")] = "03",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the payment file of a run's funded payouts.

    With --send they are marked as sent, with the file's name as the reference; without it the
    file is a draft that nothing remembers. Partners who are paid in another way are listed: a
    run may need a file of each format.

    Examples:

        pledger runs files 2026-11 --format pain.001 --out payments

        pledger runs files 2026-11 --format pain.001 --out payments --send --by ann
    """
    from cli.payments import files as made
    from cli.payments.orders import FORMATS
    from cli.payments.pain001 import VERSIONS

    if shape not in FORMATS:
        raise BadOption(f"--format {shape!r}: expected one of {', '.join(FORMATS)}")
    if version not in VERSIONS:
        raise BadOption(f"--version {version!r}: expected one of {', '.join(VERSIONS)}")
    settings = settings_of(home)
    with directory(settings) as follower, decisions(settings) as ledger:
        found, known = ledger.run(run), follower.directory.count
        payments = made.Payments(
            run=found,
            shape=shape,
            payee_of=lambda partner: revealed_payee(follower.directory.payee(partner, known)),
            payer=follower.directory.payer(found.program, known),
            execute=_day("--execute", execute) if execute else date.today(),
            remittance=remittance or f"{found.program} {run}",
            version=version,
        )
        if again:
            written = made.again(ledger, payments, out, again)
        elif send:
            with bar("marking as sent", len(found.payouts), "payouts") as told:
                written = made.send(ledger, payments, out, by, told)
        else:
            written = made.draft(ledger, payments, out)
    print_file(written, found.unit, as_json, is_draft=not (send or again))


@app.command()
def settle(
    run: Run,
    reference: Annotated[str, typer.Option(help="The bank's or processor's own id.")] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note that every payment of the run that was sent has arrived.

    Example:

        pledger runs settle 2026-11
    """
    with decisions(settings_of(home)) as ledger:
        sent = [one for one in ledger.payouts_of(run) if one.status == "sent"]
        for payout in each("settling", sent, len(sent), "payouts"):
            ledger.settle_payout(payout.payout, reference, by=by)
        tell(ledger, run, 0.0, as_json)


def _request(ledger: Decisions, run: str, by: str) -> None:
    """Ask for every payout of the run that is missing."""
    asked = ledger.request_run(run, by)
    for _ in each("requesting", asked, len(ledger.run(run).payouts), "payouts"):
        pass


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadOption(f"{option} {text!r}: expected a day such as 2026-11-24") from None
