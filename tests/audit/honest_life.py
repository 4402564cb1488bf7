"""What else happens in an honest ledger, beside `History`: late facts, people forgotten, payout
runs, a contest, records that lost, and in the end checkpoints with a new key between them."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from hypothesis import strategies as st

from events import decisions as facts
from events import topics
from events.codec import encode
from events.conversions import Deal
from events.decisions import DecisionRecord, StoredDecision
from events.sealing import SubjectKey, pseudonym
from projections.contest import Race
from projections.posted import accepted
from tests.audit.memory import DAY, NOON, PARTITIONS
from tests.audit.scene import click, tell
from tests.audit.signing_scene import Signing
from tests.audit.test_honest_histories import CUSTOMERS, History

SECRET = b"p" * 32
RUNS = ("run-1", "run-2")

partners = st.sampled_from(("jane", "omar"))
also = st.one_of(
    st.tuples(st.just("late"), st.sampled_from(CUSTOMERS), partners, st.integers(1, 60)),
    st.tuples(st.just("sealed"), partners, st.sampled_from(("Ann Doe", "Bo Roe"))),
    st.tuples(st.just("forget"), partners),
    st.tuples(st.just("mark")),
    st.tuples(st.just("pseudonymous"), st.sampled_from(CUSTOMERS), partners, st.integers(1, 9_999)),
    st.tuples(st.just("lost"), st.integers(0, 99)),
    st.tuples(st.just("step"), st.integers(0, 9), st.sampled_from(("sent", "settled", "failed"))),
    st.tuples(st.just("run"), st.sampled_from(RUNS), st.lists(partners, min_size=1, max_size=2)),
)


class HonestLife:
    """Lets both kinds of operations happen to a history, and ends it."""

    def __init__(self, history: History, *, repeated: bool) -> None:
        self.history = history
        self.ledger = history.ledger
        self.runs: set[str] = set()
        self._repeated = repeated
        self._serial = 0

    def happen(self, what: str, *rest: Any) -> None:
        verb = getattr(self, f"_happen_{what}", None)
        if verb is None:
            self.history.happen(what, *rest)
        else:
            self._serial += 1
            verb(*rest)

    def end(self, shares: list[float]) -> Signing:
        """Everything is processed, payouts are told; a checkpoint at each share of the log."""
        self.ledger.process()
        self._close_contest()
        tell(self.ledger)
        signing = Signing(self.ledger)
        for number, share in enumerate(sorted(shares)):
            signing.sign(share)
            if number % 2:
                signing.rotate()
        return signing

    def _decide(self, aggregate: str, name: str, fact: msgspec.Struct) -> None:
        self.ledger.decide(aggregate, name, fact)

    def _deal(self, customer: str, partner: str, amount: int, at: int) -> None:
        number = f"life-{self._serial}"
        cited = click(self.ledger, partner, 90_000 + self._serial)
        known = self.ledger.known
        deal = Deal("acme", customer, number, number, amount, "EUR", at, known, click=cited)
        self.ledger.convert(deal)

    def _happen_late(self, customer: str, partner: str, days: int) -> None:
        """A fact of long ago comes in now."""
        self._deal(customer, partner, 1_000 + days, NOON - days * DAY // 2)

    def _happen_sealed(self, partner: str, name: str) -> None:
        key = SubjectKey(f"{self._serial:016x}", f"partner:{partner}", b"s" * 32)
        details = facts.PartnerRegistered(f"{partner}-{self._serial}", key.seal(name))
        self._decide(f"partner:{partner}-{self._serial}", "partner.registered", details)

    def _happen_forget(self, partner: str) -> None:
        gone = facts.SubjectForgotten(f"partner:{partner}", "asked for", "ann")
        self._decide(f"subject:partner:{partner}", "subject.forgotten", gone)

    def _happen_mark(self) -> None:
        marked = facts.PersonalFieldsMarked("acme", ("customer",), "ann")
        self._decide("personal-fields:acme", "personal_fields.marked", marked)

    def _happen_pseudonymous(self, customer: str, partner: str, amount: int) -> None:
        self._deal(pseudonym(SECRET, customer), partner, amount, NOON)

    def _happen_lost(self, place: int) -> None:
        """A writer that came second for a version: its record stands there and counts nothing."""
        held = self.ledger.log.records[topics.DECISIONS, 0]
        won = held[place % len(held)]
        event = msgspec.json.decode(won.value or b"", type=DecisionRecord).events[0]
        state = msgspec.Raw(b'{"program":"acme"}')
        late = StoredDecision(event.aggregate, event.version, event.name, state)
        log, now = self.ledger.log, self.ledger.now
        log.append(topics.DECISIONS, event.aggregate, encode(DecisionRecord((late,))), now)

    def _happen_run(self, run: str, paid: list[str]) -> None:
        if run in self.runs:
            return
        self.runs.add(run)
        listed = {f"{run}-{partner}": partner for partner in paid}
        of = tuple(facts.RunPayout(payout, partner) for payout, partner in listed.items())
        started = facts.PayoutRunStarted(run, "acme", "EUR", of, "ann")
        self._decide(f"run:{run}", "run.started", started)
        for payout, partner in listed.items():
            asked = facts.PayoutRequested(payout, "acme", partner, "EUR", 0, "ann", run)
            self._decide(f"payout:{payout}", "payout.requested", asked)
            self.history.payouts[payout] = partner

    def _happen_step(self, place: int, step: str) -> None:
        """The bank's side of any payout, also of one that a run asked for."""
        payouts = list(self.history.payouts)
        if payouts:
            self.history.happen(step, payouts[place % len(payouts)])

    def _close_contest(self) -> None:
        """Reckoned from the journal as it stands. Where workers leave repeats, what they write a
        second time stands elsewhere, and a closing would cite what is gone."""
        contest = getattr(self.history, "contest", None)
        if contest is None or self._repeated:
            return
        race, positions = Race("acme", contest), {}
        for partition in range(PARTITIONS):
            records = list(self.ledger.log.read(topics.JOURNAL, partition))
            for posted in accepted(iter(records)):
                race.take(posted.entry)
            positions[str(partition)] = len(records)
        closed = facts.ContestClosed("acme", "race", 1, positions, race.winners("EUR"), "ann")
        self._decide("contest:acme/race", "contest.closed", closed)
        self.ledger.process()


def shares(chance: random.Random) -> list[float]:
    """At which shares of the log checkpoints are signed."""
    return [*(chance.random() for _ in range(chance.randint(0, 3))), 1.0]
