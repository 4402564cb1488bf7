"""Prizes of an account: what one account shows of the contests it won.

That the terms have the contest, that the prize is the one of the rank, and that the partner's
measure is what its own entries add up to, follows from its own records. Its rank rests on the
accounts of all who ran: `audit.contests` proves that from the whole journal.
"""

from __future__ import annotations

from collections.abc import Iterable

from audit.account_proof.proved import Booked
from audit.contests import no_such_contest
from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from events.decisions import ContestClosed, Decision, Winner
from projections.contest import Race
from projections.contest_terms import contest_in


def prove_prizes(
    partner: str, closings: Iterable[str], decided: Decided, booked: list[Booked]
) -> None:
    """The prizes that the decisions at `closings` award the partner; raises AuditFailed."""
    wanted = frozenset(closings)
    for decision in decided.decisions if wanted else ():
        fact = decision.fact() if decision.position in wanted else None
        if isinstance(fact, ContestClosed):
            for winner in fact.winners:
                if winner.partner == partner:
                    _prove_prize(decision, fact, winner, decided, booked)


def _prove_prize(
    decision: Decision,
    closed: ContestClosed,
    winner: Winner,
    decided: Decided,
    booked: list[Booked],
) -> None:
    program = decided.directory.program(closed.program, decision.number)
    contest = contest_in(decided.directory, closed.program, closed.contest, closed.terms)
    if program is None or contest is None:
        raise AuditFailed(no_such_contest(decision, closed))
    race = Race(closed.program, contest)
    for one in booked:
        read = closed.positions.get(str(one.record.partition), 0)
        if one.record.offset < read:
            race.take(one.proved.entry)
    measure = next((standing.measure for standing in race.standings()), 0)
    prizes = contest.prizes[winner.rank - 1 : winner.rank] if winner.rank > 0 else ()
    right = [(prize.amount, prize.currency or program.currency) for prize in prizes]
    if winner.measure != measure or [(winner.amount, winner.unit)] != right:
        expected = f"measure {measure}" + "".join(f", {amount} {unit}" for amount, unit in right)
        raise AuditFailed(
            Difference(
                "altered",
                decision.position,
                f"says {winner.partner} came {winner.rank} in contest {closed.contest} of "
                f"{closed.program}; the partner's own entries and the terms say otherwise",
                expected=expected,
                found=f"measure {winner.measure}, {winner.amount} {winner.unit}",
            )
        )
