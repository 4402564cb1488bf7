"""`pledger audit invoice`: bill an invoice again from the log alone, and compare.

Exit status: 0 verified, 1 a difference was found (it is printed), 2 could not be audited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from audit.log import KafkaLog
from cli.audit_parts import ledger_to_prove, proving
from cli.display import AsJson, print_json
from cli.money import shown
from cli.system import Home

if TYPE_CHECKING:
    from audit.invoice import InvoiceProof


def audit_invoice(
    invoice: Annotated[str, typer.Argument(help="The invoice's id.")],
    program: Annotated[str, typer.Option(help="Where several programs have one of that id.")] = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Bill an invoice again: its sums, its lines, that it follows the one before it.

    Every partner's hash chain is followed up to where the invoice ends.

    Example:

        pledger audit invoice acme-2026-11
    """
    from audit.invoice import UnknownInvoice, prove_invoice

    found = ledger_to_prove(home)
    with proving("reading the log", as_json, UnknownInvoice) as progress:
        proof = prove_invoice(KafkaLog(found.broker), invoice, program, progress=progress)
    if as_json:
        print_json({"verified": True, "proof": msgspec.to_builtins(proof)})
    else:
        _say(proof)
        typer.echo("verified")


def _say(proof: InvoiceProof) -> None:
    fact = proof.issued.fact
    totals = ", ".join(shown(total, unit) for unit, total in fact.totals.items()) or "nothing"
    typer.echo(f"invoice {fact.invoice} to {fact.program} for {fact.period}: {totals}")
    typer.echo(f"  issued by {proof.issued.position}, number {fact.number}")
    follows = f"begins where {proof.after} ended" if proof.after else "begins with the journal"
    typer.echo(f"  {follows}; no entry is billed twice, none is left out")
    typer.echo(
        f"  billed again: {fact.entries:,} entries in {len(proof.invoice.lines):,} lines, sha256 "
        f"{fact.sha256}"
    )
    typer.echo(
        f"  the hash chain of every partner is whole ({proof.partners:,}); "
        f"{proof.records:,} records read"
    )
