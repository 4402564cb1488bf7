"""`pledger reconcile bank`: payouts held against an account's statement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.display import AsJson, print_json
from cli.money import shown
from cli.reconcile_display import (
    CSV,
    counted,
    csv_rows,
    mismatch_rows,
    print_mismatches,
    print_sums,
    sums_rows,
)
from cli.reconcile_parts import SHOWN, AsCsv, Most, comparing, end, one_form, print_csv
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from audit.reconcile.bank import BankReport
    from cli.payments.booked import StatementFile

WORDS: dict[str, str] = {
    "not_in_ledger": "paid by the bank, not in the ledger",
    "not_at_bank": "settled in the ledger, not at the bank",
    "not_settled_here": "paid by the bank, not settled in the ledger",
    "amount": "another amount",
    "currency": "another currency",
    "paid_twice": "paid more than once",
    "failed_here": "paid by the bank, failed in the ledger",
    "returned_at_bank": "returned to the bank, not in the ledger",
    "return_not_at_bank": "returned in the ledger, not at the bank",
    "return_not_in_ledger": "returned, of a payment the ledger does not know",
    "returned_twice": "returned more than once",
    "unreadable": "without an amount that can be read",
}
"""Kind of mismatch → what it means."""


def bank(
    files: Annotated[
        list[Path], typer.Argument(help="camt.053, camt.054 or CSV.", exists=True, dir_okay=False)
    ],
    program: Annotated[str, typer.Option(help="Only payouts of this program.")] = "",
    since: Annotated[
        str, typer.Option("--from", help="ISO 8601; default: what the files cover.")
    ] = "",
    until: Annotated[str, typer.Option("--to", help="ISO 8601; before this moment.")] = "",
    column: Annotated[
        list[str] | None, typer.Option("--column", help="FIELD=COLUMN, for CSV; several times.")
    ] = None,
    currency: Annotated[str, typer.Option(help="Of a CSV that states none.")] = "",
    delimiter: Annotated[str, typer.Option(help="What parts a CSV's columns.")] = ",",
    decimal: Annotated[str, typer.Option(help="Decimal sign of a CSV: . or ,")] = ".",
    thousands: Annotated[str, typer.Option(help="What groups a CSV's digits.")] = "",
    date_format: Annotated[str, typer.Option(help="Of a CSV, as %d.%m.%Y; default: ISO.")] = "iso",
    encoding: Annotated[str, typer.Option(help="Of a CSV, as cp1252.")] = "utf-8",
    others: Annotated[
        bool, typer.Option("--others", help="Payments that name no payout are no difference.")
    ] = False,
    show: Most = SHOWN,
    home: Home = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Compare what a bank paid and got back with the payouts.

    By the end-to-end id, amount and currency. A payout that was settled within the time the
    files cover must be in them. Fees, and what is no payment, are counted beside the sums.
    Fields of a CSV: payout, amount, currency, date, status, fee, reason, reference.

    Examples:

        pledger reconcile bank statement-2026-11.xml

        pledger reconcile bank account.csv --delimiter ';' --decimal , --date-format %d.%m.%Y \\
            --column payout=Purpose --column amount=Amount --column date=Date --currency EUR
    """
    with comparing():
        one_form(as_json, as_csv)
        from audit.reconcile.bank import reconcile_bank
        from audit.reconcile.payouts import ledger_payouts
        from cli.ledger import accepted_decisions
        from cli.reconcile_statement import (
            columns_of,
            covered,
            finding,
            read_statement,
            seen_as,
            shape_of,
        )

        shape = shape_of(delimiter, decimal, thousands, date_format, encoding)
        columns = columns_of(column or [])
        payouts = ledger_payouts(accepted_decisions(settings_of(home)))
        find = finding(payouts)
        read = [read_statement(file, columns, find, shape, currency) for file in files]
        starts, ends = covered(read, since, until)
        ours = {name: one for name, one in payouts.items() if program in ("", one.program)}
        lines = (seen_as(line, ours, others) for one in read for line in one.lines)
        report = reconcile_bank(ours, lines, starts, ends)
    is_whole = all(balance.is_whole for one in read for balance in one.balances)
    _print(report, read, show, is_whole, as_csv=as_csv, as_json=as_json)
    end(report.is_equal and is_whole)


def _print(
    report: BankReport,
    read: list[StatementFile],
    show: int,
    is_whole: bool,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    if as_csv:
        print_csv(CSV, csv_rows(report.mismatches))
    elif as_json:
        print_json(
            {
                "agrees": report.is_equal and is_whole,
                "lines": report.lines,
                "agreed": report.agreed,
                "differences": mismatch_rows(report.mismatches),
                "sums": sums_rows(report.sums),
                "on_the_way": report.on_the_way,
                "repeats": report.repeats,
                "fees": report.fees,
                "other": report.other,
                "balances": [
                    {**vars(balance), "is_whole": balance.is_whole}
                    for one in read
                    for balance in one.balances
                ],
            }
        )
    else:
        print_mismatches(report.mismatches, WORDS, "payout", show)
        print_sums(report.sums, WORDS, "the bank")
        _beside(report, read)
        typer.echo(
            f"{counted(report.agreed, 'booking')} as in the ledger; "
            + ("nothing differs" if report.is_equal else f"{len(report.mismatches):,} differ")
        )


def _beside(report: BankReport, read: list[StatementFile]) -> None:
    """What stands beside the sums of payments."""
    for unit, amount in sorted(report.fees.items()):
        typer.echo(f"fees the bank took: {shown(amount, unit)}")
    for unit, amount in sorted(report.other.items()):
        typer.echo(f"other bookings of the account: {shown(amount, unit)}")
    if report.on_the_way:
        typer.echo(f"sent, and nothing said of them yet: {', '.join(sorted(report.on_the_way))}")
    if report.repeats:
        typer.echo(f"{report.repeats:,} bookings stand in two files and count once")
    for one in read:
        for balance in one.balances:
            told = (
                f"{balance.where}: {shown(balance.opening, balance.unit)} before, "
                f"{shown(balance.moved, balance.unit)} moved, "
                f"{shown(balance.closing, balance.unit)} after"
            )
            lacks = balance.closing - balance.opening - balance.moved
            typer.echo(
                told
                + (
                    ""
                    if balance.is_whole
                    else f": {shown(lacks, balance.unit)} is in no entry; is the file whole?"
                )
            )
