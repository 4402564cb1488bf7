"""A program's deals and refunds held against the export of a shop or a payment provider.

Deals by their id; refunds by their event id where both sides have it, else all refunds of one
deal together. Deals count as plus, refunds as minus, so that the sums of both sides are what
was sold in the end. Only what happened in the time that the export covers must be in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from msgspec import Struct, field

from audit.reconcile.amounts import Mismatch, UnitSums, unit_sums
from audit.reconcile.conversions import LedgerDeal, LedgerRefund, Refused, Sold

FAR = 2**62
"""A time after all others, ms."""


class ExportedDeal(Struct, frozen=True):
    """A deal as the export has it, its lines added up."""

    deal: str
    unit: str
    amount: int
    """Minor units."""
    where: str
    """File and first line."""
    lines: int = 1


class ExportedRefund(Struct, frozen=True):
    """A refund as the export has it."""

    deal: str
    """Empty where the export does not say."""
    unit: str
    amount: int
    where: str
    event_id: str = ""
    """What the ledger calls it, where it was imported by the same map."""


class Unusable(Struct, frozen=True):
    """A line of the export that cannot be read."""

    where: str
    deal: str
    reason: str


class Export(Struct):
    """What a file says."""

    deals: list[ExportedDeal] = field(default_factory=list)
    refunds: list[ExportedRefund] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)


class DealsReport(Struct):
    """What was compared, and what differs."""

    mismatches: list[Mismatch] = field(default_factory=list)
    sums: list[UnitSums] = field(default_factory=list)
    deals: int = 0
    """Deals that are the same on both sides."""
    refunds: int = 0
    """Refunds, or refunds of one deal together, that are the same."""
    uncredited: dict[str, int] = field(default_factory=dict)
    """Why nobody is credited → deals that are the same on both sides."""
    waiting: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.mismatches


def reconcile_deals(sold: Sold, export: Export, starts: int = 0, ends: int = FAR) -> DealsReport:
    """Compare. `starts` and `ends` (ms): the time in which what the ledger has must be in the
    export too; by when it happened."""
    held = _Held(starts, ends)
    held.deals(sold.deals, export.deals, sold.refused)
    held.refunds(sold.refunds, export.refunds, sold.refused)
    report = held.report
    report.mismatches += [
        Mismatch("unreadable", one.deal, "", theirs=one.where, note=one.reason)
        for one in export.unusable
    ]
    report.waiting = sold.waiting
    report.sums = unit_sums(held.ours, held.theirs, report.mismatches)
    return report


class _Held:
    """The comparison under way: what it found, and the amounts of both sides."""

    def __init__(self, starts: int, ends: int) -> None:
        self.report = DealsReport()
        self.ours: list[tuple[str, int]] = []
        self.theirs: list[tuple[str, int]] = []
        self._starts, self._ends = starts, ends

    def deals(
        self,
        ours: Sequence[LedgerDeal],
        theirs: Sequence[ExportedDeal],
        refused: Sequence[Refused],
    ) -> None:
        here, there = by_deal(ours), by_deal(theirs)
        why = {one.deal: one for one in refused}
        self.theirs += [(one.unit, one.amount) for one in theirs]
        for deal in sorted(here.keys() | there.keys()):
            recorded, exported = here.get(deal, []), there.get(deal, [])
            if not recorded:
                for one in exported:
                    self._not_here(one, why.get(deal))
            elif exported:
                self._same_deal(recorded, exported)
            else:
                for mine in filter(self._is_within, recorded):
                    self.ours.append((mine.unit, mine.amount))
                    self._differ(
                        Mismatch("not_there", deal, mine.unit, mine.amount, 0, mine.position)
                    )

    def refunds(
        self,
        ours: Sequence[LedgerRefund],
        theirs: Sequence[ExportedRefund],
        refused: Sequence[Refused],
    ) -> None:
        self.theirs += [(one.unit, -one.amount) for one in theirs]
        left_here, left_there = self._by_event(ours, theirs)
        here = by_deal([one for one in left_here if self._is_within(one)])
        there = by_deal([one for one in left_there if one.deal])
        for one in left_there:
            if not one.deal:
                self._refund_not_here(one, refused)
        for deal in sorted(here.keys() | there.keys()):
            recorded, exported = here.get(deal, []), there.get(deal, [])
            self.ours += [(one.unit, -one.amount) for one in recorded]
            if _totals(recorded) == _totals(exported):
                self.report.refunds += 1
            elif not recorded:
                for one in exported:
                    self._refund_not_here(one, refused)
            else:
                self._refunds_differ(deal, recorded, exported)

    def _same_deal(self, recorded: Sequence[LedgerDeal], exported: Sequence[ExportedDeal]) -> None:
        first, there = recorded[0], exported[0]
        self.ours += [(one.unit, one.amount) for one in recorded]
        place = (first.position, there.where)
        copies = there.amount // first.amount if first.amount else 0
        if (first.unit, first.amount) == (there.unit, there.amount):
            self.report.deals += 1
            if first.outcome == "unattributed":
                counts = self.report.uncredited
                counts[first.reason] = counts.get(first.reason, 0) + 1
        elif first.unit != there.unit:
            note = f"{first.unit} here, {there.unit} there"
            self._differ(
                Mismatch("currency", first.deal, first.unit, first.amount, 0, *place, note)
            )
            self._differ(
                Mismatch("currency", first.deal, there.unit, 0, there.amount, *place, note)
            )
        elif copies > 1 and copies * first.amount == there.amount and there.lines % copies == 0:
            note = f"{there.lines} lines add up to {copies} times its amount"
            amounts = (first.amount, there.amount)
            self._differ(Mismatch("twice_there", first.deal, first.unit, *amounts, *place, note))
        else:
            amounts = (first.amount, there.amount)
            self._differ(Mismatch("amount", first.deal, first.unit, *amounts, *place))
        for mine in recorded[1:]:
            note = f"{first.position} recorded it first, as event {first.event_id}"
            self._differ(
                Mismatch(
                    "twice_here", mine.deal, mine.unit, mine.amount, 0, mine.position, "", note
                )
            )
        for one in exported[1:]:
            note = f"{there.where} has it too"
            self._differ(
                Mismatch("twice_there", one.deal, one.unit, 0, one.amount, "", one.where, note)
            )

    def _not_here(self, one: ExportedDeal, refused: Refused | None) -> None:
        kind = "not_here" if refused is None else "refused_here"
        position, note = ("", "") if refused is None else (refused.position, refused.reason)
        self._differ(Mismatch(kind, one.deal, one.unit, 0, one.amount, position, one.where, note))

    def _by_event(
        self, ours: Sequence[LedgerRefund], theirs: Sequence[ExportedRefund]
    ) -> tuple[list[LedgerRefund], list[ExportedRefund]]:
        """Hold refunds that both sides call alike against each other; the others."""
        events: dict[str, list[LedgerRefund]] = defaultdict(list)
        for one in ours:
            events[one.event_id].append(one)
        left: list[ExportedRefund] = []
        for there in theirs:
            parts = events.pop(there.event_id, []) if there.event_id else []
            if not parts:
                left.append(there)
                continue
            self.ours += [(one.unit, -one.amount) for one in parts]
            if _totals(parts) == _totals([there]):
                self.report.refunds += 1
            else:
                self._refunds_differ(there.deal or parts[0].deal, parts, [there])
        return [one for parts in events.values() for one in parts], left

    def _refunds_differ(
        self, deal: str, recorded: Sequence[LedgerRefund], exported: Sequence[ExportedRefund]
    ) -> None:
        here, there = _totals(recorded), _totals(exported)
        position = recorded[0].position
        where = exported[0].where if exported else ""
        kind = "refund" if exported else "refund_not_there"
        note = f"{len(recorded)} here, {len(exported)} there" if exported else ""
        for unit in sorted(here.keys() | there.keys()):
            amounts = (-here.get(unit, 0), -there.get(unit, 0))
            if amounts[0] != amounts[1]:
                self._differ(Mismatch(kind, deal, unit, *amounts, position, where, note))

    def _refund_not_here(self, one: ExportedRefund, refused: Sequence[Refused]) -> None:
        found = next((r for r in refused if one.event_id and r.event_id == one.event_id), None)
        kind = "refund_not_here" if found is None else "refused_here"
        position, note = ("", "") if found is None else (found.position, found.reason)
        subject = one.deal or one.event_id
        self._differ(Mismatch(kind, subject, one.unit, 0, -one.amount, position, one.where, note))

    def _differ(self, mismatch: Mismatch) -> None:
        self.report.mismatches.append(mismatch)

    def _is_within(self, one: LedgerDeal | LedgerRefund) -> bool:
        return self._starts <= one.occurred_at < self._ends


Named = TypeVar("Named", LedgerDeal, LedgerRefund, ExportedDeal, ExportedRefund)


def by_deal(found: Iterable[Named]) -> dict[str, list[Named]]:
    """Deal → what there is of it, in order."""
    deals: dict[str, list[Named]] = defaultdict(list)
    for one in found:
        deals[one.deal].append(one)
    return dict(deals)


def _totals(found: Sequence[LedgerRefund] | Sequence[ExportedRefund]) -> Counter[str]:
    """Unit → minor units."""
    totals: Counter[str] = Counter()
    for one in found:
        totals[one.unit] += one.amount
    return totals
