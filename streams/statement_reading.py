"""One partner's account as a statement needs it: its entries, and where moments cut them."""

from __future__ import annotations

from typing import NamedTuple

from events.log import partitions, read, watermarks
from events.partitioning import partition_of
from events.settings import Broker
from events.topics import JOURNAL
from projections.effective import Dated
from projections.moments import NOW, Moment
from projections.posted import Cut, Posted, accepted
from projections.statement import statement
from projections.statement_as_known import statement_as_known
from projections.statement_parts import Statement
from streams.as_of_reading import date, require_places
from streams.finality import is_final


class Covered(NamedTuple):
    """What a statement is asked to cover."""

    since: int = 0
    """Its first moment, ms; 0: from the beginning."""
    until: Moment = NOW
    """What is not before this is not in it."""
    known: Moment | None = None
    """As known then: what was booked; else what was true, of all that stands before this."""
    after: Moment | None = None
    """Instead of `since`: the place of the first entry it covers."""


class AccountRead(NamedTuple):
    """All accepted entries of a partner that a statement may need, and its cuts."""

    partner: str
    partition: int
    entries: list[Posted]
    starts: int
    """Offset of the first entry that is not before the opening."""
    ends: int
    known: int | None
    """Offset of the first that is not known; None: known then."""
    opened_at: int
    """Milliseconds, as `closed_at`."""
    closed_at: int
    final: bool
    dated: list[Dated]
    """The entries with when they were true; empty where known then."""

    @property
    def programs(self) -> list[str]:
        """Those it has entries of."""
        return sorted({posted.entry.program for posted in self.entries})

    def statement(self, program: str, shown_at: int) -> Statement:
        """The account in `program`; `shown_at` (ms): what divides the closing balance into
        pending and available. Raises NotOneChain."""
        if self.known is None:
            made = statement(
                self.entries,
                self.partner,
                program,
                starts=self.starts,
                ends=self.ends,
                opened_at=self.opened_at,
                closed_at=shown_at,
            )
        else:
            made = statement_as_known(
                self.dated,
                self.partner,
                program,
                starts=self.starts,
                ends=self.ends,
                known=self.known,
                opened_at=self.opened_at,
                until=self.closed_at,
                closed_at=shown_at,
            )
        made.final = self.final
        return made


def read_account(broker: Broker, partner: str, covered: Covered) -> AccountRead:
    """The account of `partner`. Raises LogError, NotAMoment for places that are not in its
    partition, and NoTime."""
    home = partition_of(partner, partitions(broker, JOURNAL))
    ends = {home: watermarks(broker, JOURNAL)[home][1]}
    until, known = covered.until, covered.known
    begins = covered.after or Moment(covered.since)
    for moment in (begins, until, known or NOW):
        require_places(moment, [home], ends)
    opening = _Cut(begins)
    closing, learned = _Cut(until), _Cut(known or NOW)
    own = []
    posted = None
    for posted in accepted(read(broker, JOURNAL, home, 0, ends[home])):
        for cut in (opening, closing, learned):
            cut.see(posted)
        if posted.entry.partner == partner:
            own.append(posted)
    starts = opening.offset(ends[home]) if covered.since or covered.after is not None else 0
    return AccountRead(
        partner,
        home,
        own,
        starts,
        closing.offset(ends[home]),
        None if known is None else learned.offset(ends[home]),
        _opened_at(covered, own, starts),
        closing.at,
        all(cut.is_final(broker, home, posted) for cut in (closing, learned)),
        [] if known is None else date(broker, own),
    )


def _opened_at(covered: Covered, own: list[Posted], starts: int) -> int:
    if covered.after is None:
        return covered.since
    return max((posted.entry.at for posted in own if posted.offset < starts), default=0)


class _Cut:
    """Where a moment cuts the partition, and its time."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._by_time = None if moment.at is None else Cut(moment.at)
        self._newest_before = -1
        self._passed = False

    def see(self, posted: Posted) -> None:
        if self._moment.before(posted):
            self._newest_before = posted.entry.at
            return
        self._passed = True
        if self._by_time is not None:
            self._by_time.see(posted)

    def offset(self, end: int) -> int:
        if self._moment.places is not None:
            return next(iter(self._moment.places.values()))
        assert self._by_time is not None, "a moment has a time or places"
        return self._by_time.offset(end)

    @property
    def at(self) -> int:
        """Milliseconds; of a bare place, the one after the newest entry before it."""
        return self._newest_before + 1 if self._moment.at is None else self._moment.at

    def is_final(self, broker: Broker, partition: int, newest: Posted | None) -> bool:
        """Whether nothing can come to stand before it any more."""
        return self._passed or is_final(broker, partition, self._moment, newest)
