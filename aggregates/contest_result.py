"""The result of a contest: who won which rank, decided once.

    closed     for good: what is refunded later does not change who won

The ranking is reckoned from the journal up to exact positions, which stand beside it, so that
anybody can reckon it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from eventsourcing.domain import event

from aggregates.checks import amount_of, slug_of, unit_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Invalid
from events.decisions import Winner


class ContestResult(DecisionAggregate):
    """Who won a program's contest, and what."""

    TOPIC = "contest"

    @staticmethod
    def create_id(program: str, contest: str) -> str:
        return f"contest:{program}/{contest}"

    @event("Created", topic="contest.closed")
    def __init__(
        self,
        program: str,
        contest: str,
        terms: int,
        positions: dict[str, int],
        winners: list[dict[str, Any]],
        by: str,
    ) -> None:
        self.program = program
        self.contest = contest
        self.terms = terms
        self.positions = positions
        self.winners = msgspec.convert(winners, tuple[Winner, ...])

    @classmethod
    def close(
        cls,
        program: str,
        contest: str,
        terms: int,
        positions: Mapping[str, int],
        winners: Sequence[Winner],
        by: str = "",
    ) -> ContestResult:
        """`positions`: partition of the journal → offset after the last record that was read.
        `winners` by rank; without any, nobody took part."""
        for partition, offset in positions.items():
            if not partition.isascii() or not partition.isdigit() or not is_count(offset):
                raise Invalid(
                    f"positions[{partition}]", offset, "an offset for a partition of the journal"
                )
        return cls(
            program=program,
            contest=slug_of("contest", contest),
            terms=terms,
            positions=dict(positions),
            winners=[msgspec.to_builtins(winner) for winner in checked_winners(winners)],
            by=by,
        )

    def repeat_closing(self, winners: Sequence[Winner]) -> None:
        """Nothing, if the winners are the same, however far the journal was read;
        AlreadyExists if they are others."""
        if self.winners != tuple(winners):
            won = ", ".join(f"{winner.rank}. {winner.partner}" for winner in self.winners)
            raise AlreadyExists(
                f"contest {self.contest!r} of {self.program} is closed: {won or 'nobody won'}; "
                "that stays; who else is to get something gets an adjustment"
            )


def checked_winners(winners: Sequence[Winner]) -> Sequence[Winner]:
    """The winners, if they can be a ranking: ranks rise (two may share one), each partner
    stands there once."""
    rank = 1
    for number, winner in enumerate(winners):
        field = f"winners[{number}]"
        slug_of(f"{field}.partner", winner.partner)
        if not is_count(winner.rank) or not rank <= winner.rank <= number + 1:
            raise Invalid(f"{field}.rank", winner.rank, f"a rank from {rank} to {number + 1}")
        rank = winner.rank
        if type(winner.measure) is not int:
            raise Invalid(f"{field}.measure", winner.measure, "an integer")
        amount_of(f"{field}.amount", winner.amount, least=1)
        unit_of(f"{field}.unit", winner.unit)
    partners = [winner.partner for winner in winners]
    if len(set(partners)) != len(partners):
        raise Invalid("winners", partners, "each partner once")
    return winners


def is_count(number: object) -> bool:
    """An integer from 0 on."""
    return type(number) is int and number >= 0
