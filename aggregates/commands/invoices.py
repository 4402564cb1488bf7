"""Commands on invoices: what a program is billed, one month after the other."""

from __future__ import annotations

from collections.abc import Mapping

from aggregates.commands.finding import Finding
from aggregates.invoice import Invoices, Issued


class InvoiceCommands(Finding):
    """A program's invoices."""

    def issue_invoice(
        self,
        invoice: str,
        number: int,
        program: str,
        period: str,
        starts: Mapping[str, int],
        ends: Mapping[str, int],
        totals: Mapping[str, int],
        entries: int,
        sha256: str,
        by: str = "",
    ) -> None:
        """Bill `program` for a stretch of the journal; see `events.decisions.InvoiceIssued`.

        `starts`, `ends`: partition → offset; `starts` must be where its last invoice ended.
        Raises Conflict for a gap or an overlap, AlreadyExists for another invoice of that id.
        """
        wanted = Issued(
            invoice, number, period, dict(starts), dict(ends), dict(totals), entries, sha256
        )
        self._change(
            lambda: self._invoices(program), lambda found: found.issue(program, wanted, by)
        )

    def invoices(self, program: str) -> Invoices:
        """Those of a program as they stand now, perhaps none; raises NotFound."""
        return self._now(lambda: self._invoices(program))

    def _invoices(self, program: str) -> Invoices:
        name = Invoices.create_id(self._program(program).program)
        return self._series(Invoices, name)
