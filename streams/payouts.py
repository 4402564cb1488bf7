"""Payouts: tells the Payout aggregate what the journal said: funded, or refused and why.

Telling is idempotent, so it resumes at the committed offset, or from the beginning where
there is none of ours: what was told is told again and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from aggregates.acting import acting, host
from aggregates.application import Decisions, open_decisions
from aggregates.errors import Contended, DecisionError
from events import topics
from events.codec import decode
from events.decisions import Origin
from events.first_wins import Dense, Verdict
from events.journal import Entry
from events.position import Record
from events.settings import Broker
from streams.dead_letters import dead_letter
from streams.processor import TAG, Committed, Fold, Outputs, Place, Processor
from streams.state import StateError

log = logging.getLogger(__name__)

NAME = "payouts"


TOLD = ("payout_funded", "payout_refused")
"""Kinds of entries that a payout is told about."""


class PayoutsProcessor(Processor):
    name = NAME
    topics = (topics.JOURNAL,)

    def __init__(self, broker: Broker, state: Path) -> None:
        super().__init__(broker, state)
        self._decisions: Decisions | None = None

    @property
    def decisions(self) -> Decisions:
        """Opened by the thread that uses it."""
        if self._decisions is None:
            self._decisions = open_decisions(self.broker)
        return self._decisions

    def new_fold(self, place: Place, committed: Committed | None) -> PayoutsFold:
        return PayoutsFold(self, place, committed)

    def shut(self) -> None:
        super().shut()
        if self._decisions is not None:
            self._decisions.close()


class PayoutsFold(Fold):
    """Keeps nothing: the number it accepted last travels with the committed offset."""

    next_input: int

    def __init__(
        self, processor: PayoutsProcessor, place: Place, committed: Committed | None
    ) -> None:
        self._processor = processor
        self._stream = f"{topics.INSTRUCTIONS}/{place.partition}"
        tag, _, number = ("", "", "") if committed is None else committed.tag.partition(":")
        resumes = committed is not None and tag == TAG and number.lstrip("-").isdigit()
        self.next_input = committed.offset if committed is not None and resumes else 0
        self._dense = Dense({self._stream: int(number)} if resumes else None)
        _, end = processor.ends(*place)
        if self.next_input > end:
            raise StateError(
                f"the group pledger-{NAME} has seen {place} up to offset {self.next_input}, but "
                f"the log ends at {end}: it was truncated, or is another one. "
                "Check PLEDGER_BROKER; reset the group's offsets to begin anew"
            )

    def tag(self) -> str:
        return f"{TAG}:{self._dense.last.get(self._stream, -1)}"

    def decide(self, records: Sequence[Record]) -> Outputs:
        letters: list[tuple[str | bytes, bytes]] = []
        for record in records:
            try:
                entry: Entry = decode(topics.JOURNAL, record.value or b"")
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                self._processor.counts["unreadable"] += 1
                letters.append(dead_letter(NAME, record, str(problem)))
                continue
            if entry.source.rpartition("/")[0] != self._stream:
                # No posting wrote it: the journal's partition answers its own instructions.
                self._processor.counts["foreign"] += 1
                log.warning("%s: ignored: made from %s", record.position, entry.source)
                continue
            verdict = self._dense.judge(entry.source, entry.n)
            if verdict is not Verdict.ACCEPTED:
                self._processor.counts[verdict.value] += 1
            elif entry.kind in TOLD:
                try:
                    self._tell(entry, str(record.position))
                except Contended:
                    raise  # nothing is wrong with the entry: a restarted worker tells again
                except DecisionError as problem:
                    # The aggregate holds another outcome: for a person to look at.
                    log.error("%s: payout %s: %s", record.position, entry.payout, problem)
                    letters.append(dead_letter(NAME, record, str(problem)))
        self.next_input = records[-1].offset + 1
        return {(topics.DEAD_LETTERS, 0): letters} if letters else {}

    def _tell(self, entry: Entry, position: str) -> None:
        decisions = self._processor.decisions
        with acting(Origin(via="worker", by=NAME, source=host())):
            if entry.kind == "payout_funded":
                amount = sum(leg.amount for leg in entry.legs if leg.account == "in_transit")
                decisions.fund_payout(entry.payout, amount, position)
            else:
                decisions.refuse_payout(entry.payout, entry.reason, position)
        self._processor.counts["told"] += 1
