"""Contests: who sold most between two moments, as the journal says.

A race is decided by what partners were credited for deals that happened from `starts`
(inclusive) to `ends` (exclusive), net of what was refunded or rejected since. The journal has
it all: an entry's counters say what the partner's sums gain or lose by it, and the commission
entry of a deal says when the deal happened. So the standings are a fold over entries up to
exact positions, and whoever reads to the same positions finds the same winners.

Ranks go by the measure; of equals the one that reached it first (the journal's time) comes
before, then the partner's id.
"""

from __future__ import annotations

from msgspec import Struct

from events.decisions import Winner
from events.journal import Entry
from events.terms import Contest


class Standing(Struct, frozen=True):
    """A partner in the race."""

    rank: int
    partner: str
    measure: int
    """Minor units of the program's currency, or a number of conversions."""
    reached_at: int
    """When the measure became what it is, ms: the journal's time."""


class _Runner(Struct):
    measure: int = 0
    reached_at: int = 0


class Race:
    """The fold of one contest. `take` each accepted entry of the journal, in the order of
    its partition; partitions may come in any order, for a partner is in one of them."""

    def __init__(self, program: str, contest: Contest) -> None:
        self.program = program
        self.contest = contest
        self._counted = f"{contest.event}/{contest.measure}/"
        self._running: set[tuple[str, str]] = set()
        """(partner, deal or lead) of the conversions that happened within the contest."""
        self._runners: dict[str, _Runner] = {}

    def take(self, entry: Entry) -> None:
        """Count what the entry adds or takes back, if its conversion is of the contest."""
        if entry.program != self.program or entry.level:
            return
        conversion = (entry.partner, entry.deal or entry.event_id)
        if entry.kind == "commission" and self._is_within(entry.occurred_at):
            # Also of one that is held: it will count by the entry that releases it.
            self._running.add(conversion)
        if not entry.counters or conversion not in self._running:
            return
        gained = sum(
            amount for name, amount in entry.counters.items() if name.startswith(self._counted)
        )
        if gained:
            runner = self._runners.setdefault(entry.partner, _Runner())
            runner.measure += gained
            runner.reached_at = entry.at

    def standings(self) -> tuple[Standing, ...]:
        """All with a measure above zero, the best first."""
        running = [
            (-runner.measure, runner.reached_at, partner)
            for partner, runner in self._runners.items()
            if runner.measure > 0
        ]
        return tuple(
            Standing(rank, partner, -measure, reached_at)
            for rank, (measure, reached_at, partner) in enumerate(sorted(running), 1)
        )

    def winners(self, currency: str) -> tuple[Winner, ...]:
        """The prizes by rank; `currency` is the program's, for prizes that name none."""
        return tuple(
            Winner(
                place.rank, place.partner, place.measure, prize.amount, prize.currency or currency
            )
            for place, prize in zip(self.standings(), self.contest.prizes, strict=False)
        )

    def _is_within(self, occurred_at: int) -> bool:
        return self.contest.starts <= occurred_at < self.contest.ends
