"""An invoice is billed again from the log: honest ones are verified, tampered ones named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from audit.difference import AuditFailed
from audit.invoice import UnknownInvoice, prove_invoice
from events import topics
from events.codec import encode
from events.decisions import InvoiceIssued
from events.journal import Entry
from events.position import Position
from projections.invoice import Billing
from projections.posted import accepted
from tests.audit.memory import PARTITIONS, MemoryLedger, Output
from tests.audit.scene import edit, found, paid, sold

NAMES = [str(partition) for partition in range(PARTITIONS)]


def issue(ledger: MemoryLedger, month: str, **changed: Any) -> Position:
    """Bill what is in the journal and not billed yet; `changed`: what the invoice says wrong."""
    issued = [
        msgspec.json.decode(batch.state, type=InvoiceIssued)
        for batch in ledger._decided()[1]
        if batch.name == "invoice.issued"
    ]
    starts = issued[-1].ends if issued else dict.fromkeys(NAMES, 0)
    ends = {str(p): end for p, end in ledger.log.ends(topics.JOURNAL).items()}
    billing = Billing("acme")
    for name in NAMES:
        for posted in accepted(ledger.log.read(topics.JOURNAL, int(name), 0, ends[name])):
            if posted.offset >= starts[name]:
                billing.take(posted)
    made = billing.invoice(starts, ends)
    fact = InvoiceIssued(
        f"acme-{month}", len(issued) + 1, "acme", month, made.starts, made.ends, made.totals,
        made.entries, made.sha256, by="ann",
    )  # fmt: skip
    fact = msgspec.structs.replace(fact, **changed)
    return ledger.decide("invoices:acme", "invoice.issued", fact)


def repeated(written: Output) -> Output:
    """What a worker that died wrote twice."""
    return [*written[:1], *written]


@pytest.mark.parametrize("noise", [list, repeated])
def test_honest_invoices_are_verified(noise: Callable[[Output], Output]) -> None:
    ledger = sold(MemoryLedger(noise))
    issue(ledger, "2023-11")
    issue(ledger, "2023-12")
    first = prove_invoice(ledger.log, "acme-2023-11")
    second = prove_invoice(ledger.log, "acme-2023-12", "acme")
    commissions = [leg.amount for e in ledger.entries() for leg in e.legs
                   if leg.account == "commissions"]  # fmt: skip
    assert first.invoice.totals == {"EUR": -sum(commissions)}
    assert first.invoice.entries == len(list(ledger.entries()))
    assert (first.after, first.partners) == ("", 2)
    assert (second.after, second.invoice.entries) == ("acme-2023-11", 0)
    assert second.records == first.records == sum(ledger.log.ends(topics.JOURNAL).values())


def test_it_is_read_from_the_journal_alone() -> None:
    ledger = paid(MemoryLedger())
    issue(ledger, "2023-11")
    for topic in (topics.CONVERSIONS, topics.ATTRIBUTIONS, topics.INSTRUCTIONS, topics.CLICKS):
        ledger._clear(topic)
    assert prove_invoice(ledger.log, "acme-2023-11").invoice.totals


def newest_commission(ledger: MemoryLedger) -> Position:
    """The newest commission in the last partition that has one."""
    positions = [
        Position(topics.JOURNAL, partition, record.offset)
        for partition in range(PARTITIONS)
        for record in ledger.log.read(topics.JOURNAL, partition)
        if b'"kind":"commission"' in (record.value or b"")
    ]
    return positions[-1]


def more_for_a_partner(ledger: MemoryLedger) -> str:
    """An entry pays a cent more."""
    position = newest_commission(ledger)
    entry: Entry = msgspec.json.decode(ledger.log.read_one(position).value or b"", type=Entry)
    legs = [msgspec.structs.replace(leg, amount=leg.amount + (1 if leg.amount > 0 else -1))
            for leg in entry.legs]  # fmt: skip
    edit(ledger.log, position, legs=msgspec.to_builtins(legs))
    return "totals differ"


def another_deal(ledger: MemoryLedger) -> str:
    """The sums stay as they are: only the hash of the entry after it shows it."""
    edit(ledger.log, found(ledger.log, topics.JOURNAL, '"deal":"d0"'), deal="d99")
    return "chained to"


def one_removed(ledger: MemoryLedger) -> str:
    """From the end of the journal."""
    partition = newest_commission(ledger).partition
    ledger.log.records[topics.JOURNAL, partition].pop()
    return "the log ends before"


TAMPERINGS = [more_for_a_partner, another_deal, one_removed]


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_a_tampered_journal_is_found(tamper: Callable[[MemoryLedger], str]) -> None:
    ledger = sold(MemoryLedger())
    issue(ledger, "2023-11")
    said = tamper(ledger)
    with pytest.raises(AuditFailed, match=said):
        prove_invoice(ledger.log, "acme-2023-11")


NAMES_FROM_1 = dict.fromkeys(NAMES, 1)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"totals": {"EUR": 1}}, "totals differ"),
    ({"entries": 1}, "entries differ"),
    ({"sha256": "0" * 64}, "hash of its lines differ"),
    ({"starts": NAMES_FROM_1}, "billed twice or not at all"),
    ({"number": 2}, "is number 2; the one after the last is 1"),
    ({"ends": {"0": 0}}, "all 4 partitions"),
    ({"period": "2020-01"}, "was booked after 2020-01"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_an_invoice_that_says_other_than_the_journal_is_found(
    changed: dict[str, Any], said: str
) -> None:
    ledger = sold(MemoryLedger())
    position = issue(ledger, "2023-11", **changed)
    with pytest.raises(AuditFailed, match=said) as failed:
        prove_invoice(ledger.log, "acme-2023-11")
    assert failed.value.difference.kind == "invoice"
    assert failed.value.difference.position == str(position)


def test_an_invoice_that_bills_again_what_the_last_one_billed_is_found() -> None:
    ledger = sold(MemoryLedger())
    issue(ledger, "2023-11")
    issue(ledger, "2023-12", starts=dict.fromkeys(NAMES, 0))
    with pytest.raises(AuditFailed, match="the one before it ended at"):
        prove_invoice(ledger.log, "acme-2023-12")


def test_unknown_invoices_and_those_of_two_programs() -> None:
    ledger = sold(MemoryLedger())
    issue(ledger, "2023-11")
    with pytest.raises(UnknownInvoice, match="pledger invoices list"):
        prove_invoice(ledger.log, "nothing")
    fact = InvoiceIssued("acme-2023-11", 1, "beta", "2023-11", {}, {}, {}, 0, "")
    ledger.decide("invoices:beta", "invoice.issued", fact)
    with pytest.raises(UnknownInvoice, match="acme, beta have an invoice"):
        prove_invoice(ledger.log, "acme-2023-11")
    assert encode(prove_invoice(ledger.log, "acme-2023-11", "acme"))
