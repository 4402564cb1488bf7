"""A value as it was known at each decision number.

`known` is where in the decisions a reader stood. Almost every question is about the
newest value, so that one comparison answers it; older ones are found by bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class History(Generic[T]):
    """Values with the decision number since which each is known, numbers rising."""

    __slots__ = ("_numbers", "_values", "changed", "current")

    def __init__(self, number: int, value: T) -> None:
        self._numbers = [number]
        self._values = [value]
        self.changed = number
        """Number of the decision that set the current value."""
        self.current = value

    def set(self, number: int, value: T) -> None:
        """The value from decision `number` on."""
        self._numbers.append(number)
        self._values.append(value)
        self.changed = number
        self.current = value

    def at(self, known: int) -> T | None:
        """The value as known at decision `known`; None before the first."""
        if known >= self.changed:
            return self.current
        place = bisect_right(self._numbers, known)
        return self._values[place - 1] if place else None

    def values(self) -> tuple[T, ...]:
        """All it ever was, oldest first."""
        return tuple(self._values)


def remember(table: dict[K, History[T]], key: K, number: int, value: T) -> None:
    """The value of `key` in `table` from decision `number` on."""
    history = table.get(key)
    if history is None:
        table[key] = History(number, value)
    else:
        history.set(number, value)
