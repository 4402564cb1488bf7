"""Random lives in which things become known late: old deals, old refunds, reviews, assignments.

`Late` adds to the lives of rewards what arrives late or bears a time ahead of its recording, under
terms of either engine.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from events.conversions import Deal, Refund
from events.journal import Entry
from events.position import Record
from events.terms import Rule, Terms
from projections.posted import Posted, accepted
from tests.as_of.model import Happening
from tests.projections.world import DAY, START
from tests.rewards.lives import CUSTOMERS, PARTNERS, Living, corrections, money, places

AHEAD = -1
"""Instead of days: the sender's clock is half a minute ahead."""

ages = st.sampled_from((0, 4, 15, 40, 1, AHEAD))
operations = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from((9, 1, 3, 20))),
    *[
        st.tuples(
            st.just("sale"),
            st.sampled_from(CUSTOMERS),
            st.integers(1, 60_000),
            st.sampled_from((*PARTNERS, "@alice", "@bob")),
            ages,
        )
    ]
    * 2,
    st.tuples(st.just("back"), places, st.one_of(st.integers(1, 30_000), st.just(10**9)), ages),
    st.tuples(
        st.just("signup"),
        st.sampled_from(CUSTOMERS),
        st.sampled_from(("alice", "@bob")),
        st.just(""),
    ),
    *[
        st.tuples(
            st.just("review"),
            st.sampled_from(("held", "released", "rejected")),
            places,
        )
    ]
    * 2,
    st.tuples(st.just("doubt"), places),
    st.tuples(st.just("assign"), places, st.sampled_from(PARTNERS)),
    corrections,
    money,
)
lives = st.lists(operations, min_size=6, max_size=40)
engines = st.sampled_from(("1", "2"))
picks = st.integers(0, 9_999)
"""Which of a life's times is asked about, as `picked` reads it."""


class Late(Living):
    """A life under terms of one engine, with late records."""

    def __init__(self, engine: str, hold_days: int = 7) -> None:
        rules = (
            Rule("sale", "sale", "percentage", 1_234),
            Rule("lead", "lead", "flat", 150),
        )
        if engine == "2":
            rules = (*rules, Rule("thanks", "sale", "flat", 3, currency="acme:points", adds=True))
        terms = Terms(1, 0, rules, hold_days=hold_days, engine=engine)
        super().__init__({"terms": [terms], "unit": "", "foreign": False, "currency": "EUR"})

    def _sale(self, customer: str, amount: int, by: str, age: int) -> list[Entry]:
        """A deal that happened `age` days ago."""
        given = Deal(
            "acme",
            customer,
            f"E-{self._steps}",
            f"D-{self._steps}",
            amount,
            "EUR",
            self._happened(age),
            self.directory.count,
            **self._credit(by),
        )
        self.recorded.append(given)
        return self.record(given)

    def _doubt(self, place: int) -> list[Entry]:
        """A commission is held, and two days later released."""
        held = self._review("held", place)
        self.now += 2 * DAY
        return [*held, *self._review("released", place)]

    def _happened(self, age: int) -> int:
        return self.now + 30_000 if age == AHEAD else self.now - age * DAY

    def _back(self, place: int, amount: int, age: int) -> list[Entry]:
        """A refund that happened `age` days ago."""
        if not self.recorded:
            return []
        one = self.recorded[-1 - place % len(self.recorded)]
        return self.record(
            Refund(
                "acme",
                one.customer,
                f"R-{self._steps}",
                amount,
                one.currency,
                self._happened(age),
                self.directory.count,
                one.deal,
            )
        )


def lived(engine: str, life: list[Any]) -> Late:
    """All of a life."""
    world = Late(engine)
    world.happen(("sale", "carol", 5_000, "alice", 15))
    for operation in life:
        world.happen(operation)
    return world


def picked(all_: list[Happening], number: int) -> int:
    """A time (ms) at which something was true or recorded, or right after it."""
    times = {one[which] + more for one in all_ for which in ("true", "recorded") for more in (0, 1)}
    return sorted(times or {START})[number % max(1, len(times))]


def posted(world: Living, partition: int) -> list[Posted]:
    """The accepted entries of a partition."""
    return list(
        accepted(
            Record("journal", partition, offset, 0, b"k", value)
            for offset, value in enumerate(world.journal[partition])
        )
    )
