"""Moments: a time, or a place in the journal, and what stands before it.

A place stays where it is, while an entry may still arrive that bears an earlier time than now.
So a time is turned into places once, the answer names them (`streams.named_moments`), and who
asks by them again gets the same answer for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from projections.posted import Posted

END = 2**62
"""A time after all others, ms."""


class NotAMoment(ValueError):
    """A text that names no moment; says what was expected."""


class Moment(NamedTuple):
    """A time, or places in the journal, or both."""

    at: int | None = None
    """Milliseconds since 1970 UTC; None: that of the newest entry before the places."""
    places: Mapping[int, int] | None = None
    """Partition → offset of the first record that is not before it; None: the time decides."""

    def before(self, posted: Posted) -> bool:
        """Whether an entry stands before it. Raises KeyError for a partition it does not name."""
        if self.places is not None:
            return posted.offset < self.places[posted.partition]
        assert self.at is not None, "a moment has a time or places"
        return posted.entry.at < self.at


NOW = Moment(END)
"""Everything that is in the log."""
