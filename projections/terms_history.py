"""Terms of a program, general or of one partner, by when they are known and in force.

Versions arrive by decision number. For each number of known versions there is a list
sorted by (`effective_from`, version): the one in force is the last that begins not after
the deal. The lists are made when first asked for; nearly always it is the newest.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from events.terms import Terms


class TermsInForce(NamedTuple):
    """A version of terms, with its evidence."""

    terms: Terms
    position: str
    """Position of the decision that added them."""


class _Line(NamedTuple):
    begins: list[int]
    """`effective_from`, ms, rising."""
    in_force: list[TermsInForce]


class TermsHistory:
    """All versions of the general terms of a program, or of a partner's own."""

    def __init__(self, number: int, version: TermsInForce) -> None:
        self._numbers = [number]
        self._versions = [version]
        self._lines: dict[int, _Line] = {}
        """Count of known versions → what is in force when."""

    def add(self, number: int, version: TermsInForce) -> None:
        """A version known from decision `number` on."""
        self._numbers.append(number)
        self._versions.append(version)

    def in_force(self, known: int, occurred_at: int) -> TermsInForce | None:
        """Of the versions known at decision `known` that begin not after `occurred_at` (ms):
        the one that begins last, and of equal ones the greatest version."""
        numbers = self._numbers
        count = len(numbers) if numbers[-1] <= known else bisect_right(numbers, known)
        line = self._lines.get(count) or self._line(count)
        place = bisect_right(line.begins, occurred_at)
        return line.in_force[place - 1] if place else None

    def _line(self, count: int) -> _Line:
        ordered = sorted(
            self._versions[:count],
            key=lambda version: (version.terms.effective_from, version.terms.version),
        )
        line = _Line([version.terms.effective_from for version in ordered], ordered)
        self._lines[count] = line
        return line
