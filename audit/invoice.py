"""An invoice held against the journal: billed again from the same positions, and compared.

Beside the sums, what makes the sequence whole is looked at: it begins where the program's
invoice before it ended (the first one at the journal's beginning), it has the number after
that one's, it ends no later than its month, and every partner's entries up to its end are one
chain. Read from the log alone.
"""

from __future__ import annotations

from msgspec import Struct

from aggregates.month import month_bounds
from audit.decided import Decided, read_decisions
from audit.difference import AuditFailed, Difference, text
from audit.log import Log
from audit.read import Progress, counted
from events import topics
from events.codec import encode
from events.decisions import Decision, InvoiceIssued
from projections.invoice import Billing, Invoice
from projections.posted import Posted, accepted


class UnknownInvoice(LookupError):
    """No such invoice in `decisions`, or several of that id."""


class IssuedInvoice(Struct, frozen=True):
    """An invoice as it was issued, and where it stands."""

    fact: InvoiceIssued
    position: str
    issued_at: int
    """The broker's time, ms."""


class InvoiceProof(Struct):
    """An invoice that was proved, and how much of the log that took."""

    issued: IssuedInvoice
    invoice: Invoice
    """As billed again."""
    after: str
    """Id of the invoice it follows; empty for the first."""
    partners: int
    """Whose chains were followed, of all programs."""
    records: int
    """Of the journal, read from its beginning."""


def issued_invoices(decided: Decided) -> list[IssuedInvoice]:
    """All invoices, in the order in which they were issued."""
    return [found for decision in decided.decisions if (found := _issued(decision))]


def find_invoice(decided: Decided, invoice: str, program: str = "") -> IssuedInvoice:
    """The invoice of that id; raises UnknownInvoice where there is none, or where several
    programs have one and `program` names none of them."""
    found = [
        issued
        for issued in issued_invoices(decided)
        if issued.fact.invoice == invoice and program in ("", issued.fact.program)
    ]
    if not found:
        raise UnknownInvoice(
            f"invoice {invoice!r} is not in the log; `pledger invoices list` shows those that are"
        )
    if len({issued.fact.program for issued in found}) > 1:
        programs = ", ".join(issued.fact.program for issued in found)
        raise UnknownInvoice(f"{programs} have an invoice {invoice!r} each: name one by --program")
    return found[0]


def prove_invoice(
    log: Log,
    invoice: str,
    program: str = "",
    *,
    progress: Progress = lambda records: None,
) -> InvoiceProof:
    """Prove an invoice; raises AuditFailed with the first difference, or UnknownInvoice.

    `progress` is told how many records were read since it was told last.
    """
    decided = read_decisions(log)
    for difference in decided.differences:
        raise AuditFailed(difference)
    issued = find_invoice(decided, invoice, program)
    before = _before(decided, issued)
    _check_sequence(issued, before, log.partitions(topics.JOURNAL))
    billing, chains = Billing(issued.fact.program), _Chains()
    closes = month_bounds(issued.fact.period)[1]
    records, log_ends = 0, log.ends(topics.JOURNAL)
    for name, end in sorted(issued.fact.ends.items()):
        partition, start = int(name), issued.fact.starts[name]
        if end > log_ends[partition]:
            raise _failed(issued, f"bills up to {topics.JOURNAL}/{name}/{end}; the log ends before")
        records += end
        read = counted(log.read(topics.JOURNAL, partition, 0, end), progress)
        for posted in accepted(read):
            chains.follow(posted)
            if posted.offset >= start:
                _check_time(issued, posted, closes)
                billing.take(posted)
    made = billing.invoice(issued.fact.starts, issued.fact.ends)
    _compare(issued, made)
    after = before.fact.invoice if before else ""
    return InvoiceProof(issued, made, after, chains.partners, records)


class _Chains:
    """Every partner's entries, each of which names the hash of the one before it."""

    def __init__(self) -> None:
        self._heads: dict[str, str] = {}

    @property
    def partners(self) -> int:
        """How many chains were followed."""
        return len(self._heads)

    def follow(self, posted: Posted) -> None:
        """Take a partner's next entry; raises AuditFailed where it does not follow its last."""
        partner, previous = posted.entry.partner, posted.entry.previous
        head = self._heads.get(partner, "")
        if previous != head:
            raise AuditFailed(
                Difference(
                    "altered",
                    posted.position,
                    f"{partner}'s entry before it is not the one it was chained to: that one was "
                    "altered, removed, or put there later",
                    expected=head,
                    found=previous,
                )
            )
        self._heads[partner] = posted.sha256


def _issued(decision: Decision) -> IssuedInvoice | None:
    if decision.name != "invoice.issued":
        return None
    fact = decision.fact()
    assert isinstance(fact, InvoiceIssued)
    return IssuedInvoice(fact, decision.position, decision.recorded_at)


def _before(decided: Decided, issued: IssuedInvoice) -> IssuedInvoice | None:
    """The invoice of the same program that stands before it in the log."""
    before = None
    for other in issued_invoices(decided):
        if other.position == issued.position:
            break
        if other.fact.program == issued.fact.program:
            before = other
    return before


def _check_sequence(issued: IssuedInvoice, before: IssuedInvoice | None, partitions: int) -> None:
    """It goes on where the one before it ended."""
    fact = issued.fact
    everywhere = {str(partition) for partition in range(partitions)}
    if fact.starts.keys() != everywhere or fact.ends.keys() != everywhere:
        raise _failed(issued, f"does not name all {partitions} partitions of the journal")
    number = before.fact.number + 1 if before else 1
    if fact.number != number:
        raise _failed(issued, f"is number {fact.number}; the one after the last is {number}")
    starts = before.fact.ends if before else dict.fromkeys(everywhere, 0)
    for partition, start in sorted(starts.items()):
        if fact.starts[partition] != start:
            where = f"{topics.JOURNAL}/{partition}"
            raise _failed(
                issued,
                f"begins at {where}/{fact.starts[partition]}; the one before it ended at "
                f"{where}/{start}: entries are billed twice or not at all",
            )


def _check_time(issued: IssuedInvoice, posted: Posted, closes: int) -> None:
    if posted.entry.at >= closes:
        raise _failed(
            issued, f"bills {posted.position}, which was booked after {issued.fact.period}"
        )


def _compare(issued: IssuedInvoice, made: Invoice) -> None:
    """The invoice says what the journal gives."""
    fact = issued.fact
    for said, billed, what in (
        (fact.entries, made.entries, "entries"),
        (fact.totals, made.totals, "totals"),
        (fact.sha256, made.sha256, "the hash of its lines"),
    ):
        if said != billed:
            raise AuditFailed(
                Difference(
                    "invoice",
                    issued.position,
                    f"invoice {fact.invoice}: {what} differ from what the journal gives between "
                    "the positions it names",
                    expected=text(encode(billed)),
                    found=text(encode(said)),
                )
            )


def _failed(issued: IssuedInvoice, detail: str) -> AuditFailed:
    return AuditFailed(
        Difference("invoice", issued.position, f"invoice {issued.fact.invoice} {detail}")
    )
