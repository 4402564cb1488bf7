"""Payouts held against what a bank says: paid, returned, not there, twice, or another amount.

    in the ledger        at the bank: paid            nothing                returned
    settled              agrees                       not_at_bank            returned_at_bank
    returned             agrees, and the return too   not_at_bank            agrees
    sent, funded …       not_settled_here             on its way             returned_at_bank
    failed               failed_here, unless it       agrees                 agrees
                         came back too
    unknown              not_in_ledger                                       return_not_in_ledger

Payments count as plus, returns as minus, so that the sums of both sides are what was paid in
the end. Fees and what is no payment of ours are counted beside these sums.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from audit.reconcile.amounts import Mismatch, UnitSums, unit_sums
from audit.reconcile.payouts import PAID, LedgerPayout

LineKind = Literal["paid", "returned", "fee", "other", "waiting"]
FAR = 2**62
"""A time after all others, ms."""


class BankLine(Struct, frozen=True):
    """What a bank says of one payment, one return, or one fee."""

    where: str
    """File and line, for people."""
    file: str
    kind: LineKind
    unit: str
    amount: int | None
    """Minor units, more than zero; of `other` signed: what came in is plus. None where the file
    has none that can be read."""
    payout: str = ""
    """The payout it names; empty: it names none."""
    reference: str = ""
    """As it stands in the file."""
    bank_reference: str = ""
    at: int = 0
    """Midnight UTC of the day it was booked, ms; 0: the file does not say."""
    note: str = ""


class BankReport(Struct):
    """What was compared, and what differs."""

    mismatches: list[Mismatch] = field(default_factory=list)
    sums: list[UnitSums] = field(default_factory=list)
    agreed: int = 0
    """Payments and returns that are the same on both sides."""
    on_the_way: list[str] = field(default_factory=list)
    """Payouts that were sent and of which the bank says nothing yet."""
    repeats: int = 0
    """Bookings that stand in two files: counted once."""
    fees: dict[str, int] = field(default_factory=dict)
    """Unit → minor units the bank took."""
    other: dict[str, int] = field(default_factory=dict)
    """Unit → minor units of what is no payment, signed: what came in is plus."""
    lines: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.mismatches


def reconcile_bank(
    payouts: Mapping[str, LedgerPayout],
    lines: Iterable[BankLine],
    starts: int = 0,
    ends: int = FAR,
) -> BankReport:
    """Compare. `starts` and `ends` (ms): a payout that was settled, or came back, within them
    must be in the lines; one from outside may be."""
    held = _Held(starts, ends)
    paid: dict[str, list[BankLine]] = defaultdict(list)
    back: dict[str, list[BankLine]] = defaultdict(list)
    for line in _once(lines, held.report):
        if held.counts(line):
            (paid if line.kind == "paid" else back)[line.payout].append(line)
    for line in paid.pop("", []):
        held.theirs_alone(line, "not_in_ledger")
    for line in back.pop("", []):
        held.theirs_alone(line, "return_not_in_ledger")
    for name in sorted(payouts.keys() | paid.keys() | back.keys()):
        one = payouts.get(name) or LedgerPayout(name)
        if one.status == "failed":
            held.failed(one, paid[name], back[name])
        else:
            held.payments(one, paid[name])
            held.returns(one, back[name])
    report = held.report
    report.sums = unit_sums(held.ours, held.theirs, report.mismatches)
    return report


def _once(lines: Iterable[BankLine], report: BankReport) -> Iterable[BankLine]:
    """The lines without what another file said before: a notification tells what the day's
    statement tells again. Within one file a booking that stands twice was made twice."""
    seen: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
    for line in lines:
        if line.bank_reference:
            booking = (line.kind, line.reference, line.unit, line.amount, line.bank_reference)
            files = seen[booking]
            files[line.file] += 1
            if files[line.file] <= max((n for f, n in files.items() if f != line.file), default=0):
                report.repeats += 1
                continue
        yield line


class _Held:
    """The comparison under way: what it found, and the amounts of both sides."""

    def __init__(self, starts: int, ends: int) -> None:
        self.report = BankReport()
        self.ours: list[tuple[str, int]] = []
        self.theirs: list[tuple[str, int]] = []
        self._starts, self._ends = starts, ends

    def counts(self, line: BankLine) -> bool:
        """Whether a line is a payment or a return; what else it is, is counted here."""
        self.report.lines += 1
        if line.kind == "waiting":
            return False
        if line.amount is None:
            self.theirs_alone(line, "unreadable", "the file states no amount that can be read")
            return False
        if line.kind in ("fee", "other"):
            counted = self.report.fees if line.kind == "fee" else self.report.other
            counted[line.unit] = counted.get(line.unit, 0) + line.amount
            return False
        self.theirs.append((line.unit, _signed(line)))
        return True

    def payments(self, one: LedgerPayout, lines: Sequence[BankLine]) -> None:
        """What the bank paid, and what it should have."""
        if one.status not in PAID:
            if one.status == "sent" and not lines:
                self.report.on_the_way.append(one.payout)
            for line in lines:
                kind = "not_settled_here" if one.status else "not_in_ledger"
                self.theirs_alone(line, kind, _here(one), one.position)
            return
        position = one.at.get("settled", one.position)
        if lines:
            self._first(one, position, lines, "paid_twice")
        elif self._is_within(one, "settled"):
            self._ours_alone(one, "not_at_bank", one.amount, position)

    def returns(self, one: LedgerPayout, lines: Sequence[BankLine]) -> None:
        """What came back, and what should have."""
        if one.status != "returned":
            kind = "returned_at_bank" if one.status else "return_not_in_ledger"
            for line in lines:
                note = f"{_here(one)}; {line.note}" if line.note else _here(one)
                self.theirs_alone(line, kind, note, one.position)
        elif lines:
            self._first(one, one.at["returned"], lines, "returned_twice")
        elif self._is_within(one, "returned"):
            self._ours_alone(one, "return_not_at_bank", -one.amount, one.at["returned"])

    def failed(self, one: LedgerPayout, paid: Sequence[BankLine], back: Sequence[BankLine]) -> None:
        """A transfer that never arrived: the bank made it and took it back, in this file or by
        one of them in another; or never made it."""
        left = list(back)
        alone = []
        for line in paid:
            pair = next((b for b in left if (b.unit, b.amount) == (line.unit, line.amount)), None)
            if pair is None:
                alone.append(line)
            else:
                left.remove(pair)
                self._agree(line)
                self._agree(pair)
        came_back_later = one.on["failed"] >= self._ends
        for number, line in enumerate(alone):
            if came_back_later and number == 0 and _is_same(one, line):
                self._agree(line)
            else:
                self.theirs_alone(line, "failed_here", _here(one), one.position)
        for number, line in enumerate(left):
            if not paid and number == 0 and _is_same(one, line):
                self._agree(line)
            else:
                self.theirs_alone(line, "returned_twice", line.note, one.position)

    def theirs_alone(self, line: BankLine, kind: str, note: str = "", position: str = "") -> None:
        """A booking that the ledger does not have so."""
        subject = line.payout or line.reference or line.bank_reference
        amount = _signed(line)
        self.report.mismatches.append(
            Mismatch(kind, subject, line.unit, 0, amount, position, line.where, note or line.note)
        )

    def _ours_alone(self, one: LedgerPayout, kind: str, amount: int, position: str) -> None:
        self.ours.append((one.unit, amount))
        note = f"sent by {one.at['sent']}" if "sent" in one.at else ""
        self.report.mismatches.append(
            Mismatch(kind, one.payout, one.unit, amount, 0, position, note=note)
        )

    def _first(
        self, one: LedgerPayout, position: str, lines: Sequence[BankLine], again: str
    ) -> None:
        """One of the bookings is the payout's, that of its amount before others; the rest were
        made once too often."""
        first = min(lines, key=lambda line: not _is_same(one, line))
        self._hold_against(one, position, first)
        others = list(lines)
        others.remove(first)
        for line in others:
            self.theirs_alone(line, again, f"{first.where} has it too", position)

    def _hold_against(self, one: LedgerPayout, position: str, line: BankLine) -> None:
        theirs = _signed(line)
        ours = one.amount if line.kind == "paid" else -one.amount
        self.ours.append((one.unit, ours))
        there = self.report.mismatches
        if _is_same(one, line):
            self.report.agreed += 1
        elif line.unit == one.unit:
            there.append(
                Mismatch("amount", one.payout, one.unit, ours, theirs, position, line.where)
            )
        else:
            note = f"{one.unit} here, {line.unit} at the bank"
            for unit, here, at_bank in ((one.unit, ours, 0), (line.unit, 0, theirs)):
                there.append(
                    Mismatch(
                        "currency", one.payout, unit, here, at_bank, position, line.where, note
                    )
                )

    def _agree(self, line: BankLine) -> None:
        self.report.agreed += 1
        self.ours.append((line.unit, _signed(line)))

    def _is_within(self, one: LedgerPayout, status: str) -> bool:
        return self._starts <= one.on.get(status, -1) < self._ends


def _is_same(one: LedgerPayout, line: BankLine) -> bool:
    return (line.unit, line.amount) == (one.unit, one.amount)


def _signed(line: BankLine) -> int:
    """Minor units: what was paid is plus, what came back is minus; 0 for what nobody can read."""
    return (line.amount or 0) * (-1 if line.kind == "returned" else 1)


def _here(one: LedgerPayout) -> str:
    return f"it is {one.status} here" if one.status else f"no payout {one.payout} is known"
