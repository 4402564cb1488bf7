"""What becomes of payouts by what a bank tells of their payments.

    told       booked      returned
    sent       settled     failed       (available again)
    settled    as it is    returned     (available again)
    others     reported, where they do not say the same already

A payment nobody knows, another amount or another currency changes nothing: it is reported, for
a person to look at. The same file again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from aggregates.application import Decisions
from aggregates.errors import DecisionError, NotFound
from aggregates.payout import Payout
from cli.money import shown
from cli.payments.orders import END_TO_END, reference_of
from cli.payments.tables import PAYPAL_REFERENCE
from cli.payments.told import Outcome, Told


@dataclass(frozen=True)
class Odd:
    """A line that changed nothing and should be looked at."""

    where: str
    reference: str
    problem: str
    unknown: bool = False
    """No payout of this ledger: perhaps another payment of the same account."""


@dataclass
class Report:
    """What a file told, and what was made of it."""

    counts: Counter[str] = field(default_factory=Counter)
    """settled, failed, returned, already, waiting, other → lines."""
    odd: list[Odd] = field(default_factory=list)


class References:
    """The payouts by what files call them: their own ids, and the shortened ones."""

    def __init__(self, ledger: Decisions) -> None:
        self._ledger = ledger
        self._ids: dict[str, str] | None = None

    def find(self, reference: str) -> Payout:
        """Raises NotFound."""
        try:
            return self._ledger.payout(reference)
        except NotFound:
            if self._ids is None:
                self._ids = {
                    reference_of(payout, longest): payout
                    for payout in self._ledger.payout_ids()
                    for longest in (END_TO_END, PAYPAL_REFERENCE)
                }
            if reference not in self._ids:
                raise
            return self._ledger.payout(self._ids[reference])


def take(ledger: Decisions, lines: Iterable[Told], by: str, *, write: bool = True) -> Report:
    """Tell the payouts what `lines` say of them; without `write` only the report is made."""
    report = Report()
    references = References(ledger)
    seen: dict[str, str] = {}
    """Payout → what became of it in this file, for a report without writing."""
    for told in lines:
        if told.outcome in (Outcome.OTHER, Outcome.WAITING):
            report.counts[told.outcome.value] += 1
            continue
        try:
            payout = references.find(told.reference)
        except NotFound:
            report.odd.append(Odd(told.where, told.reference, "no payout of this ledger", True))
            continue
        if problem := _other_sum(payout, told):
            report.odd.append(Odd(told.where, told.reference, problem))
            continue
        step = _step(seen.get(payout.payout, payout.status), told.outcome)
        if step.startswith("it is "):
            report.odd.append(Odd(told.where, told.reference, step))
            continue
        try:
            if write:
                _write(ledger, payout.payout, step, told, by)
        except DecisionError as problem_now:  # somebody decided it between our look and this
            report.odd.append(Odd(told.where, told.reference, str(problem_now)))
            continue
        if step != "already":
            seen[payout.payout] = step
        report.counts[step] += 1
    return report


def _other_sum(payout: Payout, told: Told) -> str:
    if told.amount is None:
        return "the file states no amount that can be read"
    if (told.amount, told.currency) == (payout.amount, payout.unit):
        return ""
    stated = shown(told.amount, told.currency)
    return f"says {stated}; the payout is of {shown(payout.amount, payout.unit)}"


def _step(status: str, outcome: Outcome) -> str:
    """What to do: settled, failed, returned, already; or why it does not fit."""
    if outcome is Outcome.BOOKED:
        if status == "sent":
            return "settled"
        if status in ("settled", "returned"):
            return "already"
        return f"it is {status}, the bank booked it" + (
            "; mark it as sent first" if status == "funded" else ""
        )
    if status == "sent":
        return "failed"
    if status == "settled":
        return "returned"
    return "already" if status in ("failed", "returned") else f"it is {status}, the bank returns it"


def _write(ledger: Decisions, payout: str, step: str, told: Told, by: str) -> None:
    reason = told.reason or "returned by the bank"
    if step == "settled":
        ledger.settle_payout(payout, told.bank_reference, by=by)
    elif step == "failed":
        ledger.fail_payout(payout, reason, by=by)
    elif step == "returned":
        ledger.return_payout(payout, reason, by=by)
