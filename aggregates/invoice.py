"""The invoices of a program: one series, in which each begins where the last one ended.

    issued ── issued ── …

They are one aggregate, so that two people who bill the same month at once meet in one
version of it: one invoice stands, the other is refused. An invoice is never changed; what it
got wrong is corrected by later entries, and those are on the next one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from eventsourcing.domain import event
from msgspec import Struct, structs

from aggregates.checks import LARGEST_AMOUNT, slug_of, unit_of
from aggregates.decision import DecisionSeries
from aggregates.errors import AlreadyExists, Conflict, Invalid
from aggregates.month import month_of

SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_BILLED = LARGEST_AMOUNT * 1000
"""Minor units: a total is a sum of many amounts, and must fit a 64-bit column."""


class Issued(Struct, frozen=True):
    """An invoice as it was issued; see `events.decisions.InvoiceIssued`."""

    invoice: str
    number: int
    period: str
    starts: dict[str, int]
    ends: dict[str, int]
    totals: dict[str, int]
    entries: int
    sha256: str


class Invoices(DecisionSeries):
    """All invoices of one program, in order."""

    TOPIC = "invoices"

    @staticmethod
    def create_id(program: str) -> str:
        return f"invoices:{program}"

    def __init__(self) -> None:
        self.issued: list[Issued] = []

    def issue(self, program: str, wanted: Issued, by: str = "") -> None:
        """Add an invoice. Nothing to do where it stands already; AlreadyExists where its id
        or its number is another one's; Conflict where it leaves a gap or bills twice."""
        _check(wanted)
        for stands in self.issued:
            if stands == wanted:
                return
            if stands.invoice == wanted.invoice or stands.number == wanted.number:
                raise AlreadyExists(
                    f"invoice {stands.invoice} is number {stands.number} of {program}, for "
                    f"{stands.period}, with other content; it stays as it is: what came since is "
                    "on the next one"
                )
        self._check_follows(program, wanted)
        self._issue(program=program, by=by, **structs.asdict(wanted))

    def _check_follows(self, program: str, wanted: Issued) -> None:
        number = len(self.issued) + 1
        if wanted.number != number:
            raise Conflict(f"the next invoice of {program} is number {number}, not {wanted.number}")
        starts = self.issued[-1].ends if self.issued else dict.fromkeys(wanted.starts, 0)
        if wanted.starts != starts:
            raise Conflict(
                f"invoice {wanted.invoice} would begin at {_cut(wanted.starts)}; the last of "
                f"{program} ended at {_cut(starts)}: begin there, so that nothing is billed twice "
                "or missed"
            )
        if self.issued and wanted.period <= self.issued[-1].period:
            raise Conflict(
                f"{program} was billed up to {self.issued[-1].period} by invoice "
                f"{self.issued[-1].invoice}; what came later for {wanted.period} is on the next "
                "month's"
            )

    @event("Issued", topic="invoice.issued")
    def _issue(
        self,
        invoice: str,
        number: int,
        program: str,
        period: str,
        starts: dict[str, int],
        ends: dict[str, int],
        totals: dict[str, int],
        entries: int,
        sha256: str,
        by: str,
    ) -> None:
        self.issued.append(Issued(invoice, number, period, starts, ends, totals, entries, sha256))


def _check(wanted: Issued) -> None:
    """Raises Invalid for a value no invoice can have."""
    slug_of("invoice", wanted.invoice)
    month_of("period", wanted.period)
    for name, cut in (("starts", wanted.starts), ("ends", wanted.ends)):
        partitions = {str(partition) for partition in range(len(cut))}
        if not cut or cut.keys() != partitions or not all(map(_is_count, cut.values())):
            raise Invalid(name, cut, "an offset for each partition of the journal, from 0 on")
    if wanted.starts.keys() != wanted.ends.keys() or any(
        wanted.ends[partition] < start for partition, start in wanted.starts.items()
    ):
        raise Invalid("ends", wanted.ends, f"no offset before that of starts, {wanted.starts}")
    for unit, total in wanted.totals.items():
        unit_of("totals", unit)
        if type(total) is not int or abs(total) > MOST_BILLED:
            raise Invalid(f"totals.{unit}", total, f"minor units, at most {MOST_BILLED}")
    if not _is_count(wanted.entries):
        raise Invalid("entries", wanted.entries, "how many entries were billed")
    if not SHA256.fullmatch(wanted.sha256):
        raise Invalid("sha256", wanted.sha256, "a SHA-256 in hex, 64 characters")


def _is_count(number: object) -> bool:
    return type(number) is int and number >= 0


def _cut(offsets: Mapping[str, int]) -> str:
    """`journal/0/41 journal/1/7`."""
    return " ".join(f"journal/{partition}/{offset}" for partition, offset in offsets.items())
