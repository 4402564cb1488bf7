"""`pledger invoices`: one monthly invoice to a program, for all its partners.

An invoice bills the journal from where the last one ended up to the end of its month, in
every partition. It is issued once, when the month is over, and stays as it is: what is booked
late is on the next one. `pledger audit invoice` bills it again from the log and compares.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.display import AsJson, By, Column, print_json, print_table, show, text
from cli.ledger import decisions, require_broker
from cli.money import shown
from cli.reading import BadOption, iso
from cli.revealing import revealed
from cli.statements import CsvFile, PdfFile
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from audit.decided import Decided
    from audit.invoice import IssuedInvoice
    from cli.documents.invoice import InvoiceOf
    from events.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Invoices: issue a program's month, list, show.")

Program = Annotated[str, typer.Argument(help="The program's id.")]


class NotAsIssued(RuntimeError):
    """The journal no longer gives what an invoice said."""


@app.command()
def issue(
    program: Program,
    month: Annotated[str, typer.Option(help="The month it is for, as 2026-11.")],
    invoice: Annotated[
        str, typer.Option("--id", help="Its id; default: program and month, as acme-2026-11.")
    ] = "",
    early: Annotated[
        bool,
        typer.Option("--early", help="Before the month is over: the rest is on the next one."),
    ] = False,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bill a program for a month: everything booked and not billed yet.

    The same again changes nothing and shows what was issued.

    Example:

        pledger invoices issue acme --month 2026-11 --by ann
    """
    from aggregates.month import month_bounds
    from audit.decided import read_decisions
    from audit.log import KafkaLog
    from streams.journal_reading import bill_until

    settings = settings_of(home)
    begins, closes = month_bounds(month)
    now = time.time_ns() // 1_000_000
    if begins > now:
        raise BadOption(f"--month {month}: it has not begun; there is nothing of it to bill")
    if closes > now and not early:
        raise BadOption(
            f"--month {month}: it is over on {iso(closes)[:10]}; bill it then, or now with --early"
        )
    invoice = invoice or f"{program}-{month}"
    with decisions(settings) as ledger:
        issued = ledger.invoices(program).issued
        stands = next((one for one in issued if one.invoice == invoice), None)
        if stands is None:
            starts = dict(issued[-1].ends) if issued else {}
            made = bill_until(settings.broker, program, starts, closes)
            ledger.issue_invoice(
                invoice, len(issued) + 1, program, month, made.starts, made.ends, made.totals,
                made.entries, made.sha256, by=by,
            )  # fmt: skip
        elif stands.period != month:
            raise BadOption(f"--id {invoice}: it was issued for {stands.period}; choose another id")
    of = _billed_again(settings, read_decisions(KafkaLog(settings.broker)), invoice, program)
    _answer(of, as_json=as_json)


@app.command("list")
def list_invoices(
    program: Annotated[str, typer.Argument(help="Only those of one program.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the invoices that were issued.

    Example:

        pledger invoices list acme
    """
    from audit.invoice import issued_invoices

    found = [
        _row(issued)
        for issued in issued_invoices(_decided(settings_of(home)))
        if program in ("", issued.fact.program)
    ]
    columns = [
        text("invoice", "invoice"),
        text("program", "program"),
        text("month", "period"),
        Column("total", _totals, right=True),
        Column("entries", lambda row: f"{row['entries']:,}", right=True),
        text("issued", "issued_at"),
        text("by", "by"),
    ]
    show(found, columns, as_json=as_json, empty="no invoices yet")


@app.command("show")
def show_invoice(
    invoice: Annotated[str, typer.Argument(help="The invoice's id.")],
    program: Annotated[str, typer.Option(help="Where several programs have one of that id.")] = "",
    home: Home = None,
    as_json: AsJson = False,
    csv: CsvFile = None,
    pdf: PdfFile = None,
) -> None:
    """Show an invoice, its lines billed again from the journal.

    Example:

        pledger invoices show acme-2026-11 --pdf acme-2026-11.pdf --csv acme-2026-11.csv
    """
    from cli.documents.invoice import invoice_csv, invoice_pdf

    settings = settings_of(home)
    of = _billed_again(settings, _decided(settings), invoice, program)
    for path, document in ((csv, invoice_csv), (pdf, invoice_pdf)):
        if path is not None:
            path.write_bytes(document(of))
            typer.echo(f"wrote {path}", err=True)
    if as_json or (csv is None and pdf is None):
        _answer(of, as_json=as_json)


def _decided(settings: Settings) -> Decided:
    from audit.decided import read_decisions
    from audit.log import KafkaLog

    require_broker(settings)
    return read_decisions(KafkaLog(settings.broker))


def _billed_again(settings: Settings, decided: Decided, invoice: str, program: str) -> InvoiceOf:
    """The invoice with its lines; raises NotAsIssued where the journal gives others."""
    from audit.invoice import find_invoice
    from cli.documents.invoice import InvoiceOf
    from streams.journal_reading import bill_between

    issued = find_invoice(decided, invoice, program)
    fact = issued.fact
    made = bill_between(settings.broker, fact.program, fact.starts, fact.ends)
    if (made.sha256, made.totals, made.entries) != (fact.sha256, fact.totals, fact.entries):
        raise NotAsIssued(
            f"invoice {invoice} was issued over {fact.totals} by {issued.position}; the journal "
            f"now gives {made.totals}: `pledger audit invoice {invoice}` says what differs"
        )
    known = decided.directory
    found = known.program(fact.program, known.count)
    names = {one.partner: revealed(one.name) for one in known.partners()}
    return InvoiceOf(
        made=made,
        invoice=fact.invoice,
        number=fact.number,
        period=fact.period,
        issued_at=issued.issued_at,
        position=issued.position,
        program_name=found.name if found else "",
        partner_names={line.partner: names.get(line.partner, "") for line in made.lines},
    )


def _answer(of: InvoiceOf, *, as_json: bool) -> None:
    from cli.documents.invoice import invoice_json

    answer = invoice_json(of)
    if as_json:
        print_json(answer)
        return
    totals = ", ".join(shown(total, unit) for unit, total in of.made.totals.items()) or "nothing"
    typer.echo(f"invoice {of.invoice}, number {of.number}, to {of.made.program} for {of.period}")
    typer.echo(f"  to be paid {totals}")
    if answer["lines"]:
        print_table(answer["lines"], LINES)
    typer.echo(f"  {of.made.entries:,} entries, sha256 of the lines {of.made.sha256}")


LINES = [
    text("partner", "partner"),
    text("what", "kind"),
    text("account", "account"),
    Column("entries", lambda row: f"{row['entries']:,}", right=True),
    Column("amount", lambda row: shown(row["minor_units"], row["unit"]), right=True),
]


def _row(issued: IssuedInvoice) -> dict[str, Any]:
    fact = issued.fact
    return {
        **{name: getattr(fact, name) for name in fact.__struct_fields__},
        "issued_at": iso(issued.issued_at),
        "decision": issued.position,
    }


def _totals(row: Any) -> str:
    return ", ".join(shown(total, unit) for unit, total in row["totals"].items()) or "nothing"
