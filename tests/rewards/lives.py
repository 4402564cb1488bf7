"""Random lives under any terms.

`lives` draws what happens: deals in two currencies credited by name or by clicks, leads,
refunds, reviews, assignments, corrections, payouts, and time that passes. Alice is recruited by
dora; bob is paid in yen, dinars or euros where the scheme says so. Won are so small that a few
of them are no cent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from events import decisions as fact
from events.codec import decode
from events.conversions import Assignment, Deal, Item, Refund, Signup
from events.instructions import Instruction
from events.journal import Entry
from events.topics import INSTRUCTIONS
from tests.projections.world import DAY, World
from tests.rewards.schemes import POINTS

PARTNERS = ("alice", "bob", "dora")
CUSTOMERS = ("carol", "dave", "erin")
RATES = {"USD": "1.1", "JPY": "160.53", "KWD": "0.3371", "KRW": "1523.7"}

amounts = st.one_of(st.integers(0, 60), st.integers(1, 60_000), st.integers(1_000, 60_000))
places = st.integers(0, 99)
"""Which of what was recorded, or booked: counted from the newest, round and round."""
carts = st.sampled_from(
    (
        (),
        (),
        (("shoe", "wear", 60), ("hat", "wear", 20)),
        (("shoe", "toys", 33), ("ball", "toys", 33), ("book", "", 34)),
    )
)
operations = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 20)),
    *[
        st.tuples(
            st.just("deal"),
            st.sampled_from(CUSTOMERS),
            amounts,
            st.sampled_from(("sale", "sale", "sale", "renewal")),
            st.sampled_from((*PARTNERS, "@alice", "@bob", "@dora", "@bob", "")),
            st.sampled_from(("", "", "USD")),
            carts,
            st.sampled_from(("DE", "FR", "")),
            st.sampled_from(("", "", "x1", "x2")),
            st.sampled_from((0, 0, 6)),
        )
    ]
    * 3,
    st.tuples(
        st.just("signup"),
        st.sampled_from(CUSTOMERS),
        st.sampled_from((*PARTNERS, "@alice", "@bob")),
        st.sampled_from(("DE", "")),
    ),
    *[
        st.tuples(
            st.just("refund"),
            places,
            st.one_of(st.integers(1, 30_000), st.just(10**9)),
        )
    ]
    * 2,
    st.tuples(
        st.just("review"),
        st.sampled_from(("held", "released", "released", "rejected")),
        places,
    ),
    st.tuples(st.just("assign"), places, st.sampled_from(PARTNERS)),
)

money = st.one_of(
    st.tuples(
        st.just("payout"),
        st.sampled_from(("requested", "requested", "sent", "settled", "failed", "returned")),
        st.sampled_from(("po-0", "po-1", "po-2", "po-3")),
        st.sampled_from(PARTNERS),
        st.one_of(st.just(0), st.integers(1, 3_000)),
        st.sampled_from(("", "", POINTS)),
    ),
    st.tuples(
        st.just("adjustment"),
        st.sampled_from(("adjustment", "received", "award")),
        st.sampled_from(("a-0", "a-1", "a-2")),
        st.sampled_from(PARTNERS),
        st.integers(-900, 900).filter(bool),
    ),
)
corrections = st.tuples(st.just("adjust"), places, st.integers(-50, 400))
lives = st.lists(operations, min_size=8, max_size=30)
full_lives = st.lists(
    st.one_of(operations, operations, operations, corrections, money), min_size=8, max_size=40
)


class Living(World):
    """A world that keeps what was asked and answered side by side."""

    def __init__(self, scheme: dict[str, Any], *, reload: bool = False) -> None:
        super().__init__(reload=reload)
        self.answered: list[tuple[Instruction, Entry]] = []
        self.recorded: list[Deal] = []
        self.leads: list[tuple[str, str]] = []
        self.unit = scheme["unit"]
        self.foreign = scheme["foreign"]
        self.currency = scheme["currency"]
        self._steps = 0
        self.program("acme", self.currency)
        for partner in PARTNERS:
            self.partner(partner)
        self.decide(fact.PartnerRecruited("alice", "acme", "dora"))
        self.decide(fact.PartnerIdentified("bob", ("erin",)))
        if self.unit:
            self.decide(fact.PartnerCurrencySet("bob", self.unit))
        for terms in scheme["terms"]:
            self.decide(fact.TermsAdded("acme", terms))
        self.quote()

    def quote(self) -> None:
        """Rates of the day; those of a month's length ahead are not needed."""
        day = datetime.fromtimestamp(self.now / 1000, UTC).date()
        for back in (8, 0):
            date = (day - timedelta(days=back)).isoformat()
            self.decide(fact.RatesSet("ecb", date, "EUR", RATES))

    def instruct(self, partition: int, value: bytes) -> list[Entry]:
        entries = super().instruct(partition, value)
        for entry in entries:
            self.answered.append((decode(INSTRUCTIONS, value), entry))
        return entries

    def happen(self, operation: Any) -> list[Entry]:
        """One operation, a second after the one before."""
        self.now += 1_000
        self._steps += 1
        what, *rest = operation
        return getattr(self, f"_{what}")(*rest) or []

    def _wait(self, days: int) -> None:
        self.now += days * DAY
        if self.foreign:
            self.quote()

    def _credit(self, by: str) -> dict[str, Any]:
        if by.startswith("@"):
            return {"click": self.click(f"{by[1:]}-link")}
        return {"partner": by} if by else {}

    def _deal(
        self,
        customer: str,
        amount: int,
        kind: str,
        by: str,
        currency: str,
        cart: tuple[tuple[str, str, int], ...],
        country: str,
        identity: str,
        late: int,
    ) -> list[Entry]:
        items = tuple(Item(name, 1, amount * part // 90, group) for name, group, part in cart)
        recorded = Deal(
            "acme",
            customer,
            f"E-{self._steps}",
            f"D-{self._steps}",
            amount,
            currency or self.currency,
            self.now - late * DAY,
            self.directory.count,
            kind,  # type: ignore[arg-type]
            tax=amount // 5,
            shipping=7,
            items=items,
            country=country,
            identity=identity,
            **self._credit(by),
        )
        self.recorded.append(recorded)
        return self.record(recorded)

    def _signup(self, customer: str, by: str, country: str) -> list[Entry]:
        event = f"L-{self._steps}"
        self.leads.append((customer, event))
        return self.record(
            Signup(
                "acme",
                customer,
                event,
                self.now,
                self.directory.count,
                country=country,
                **self._credit(by),
            )
        )

    def _refund(self, place: int, amount: int) -> list[Entry]:
        if not self.recorded:
            return []
        one = self.recorded[-1 - place % len(self.recorded)]
        event = f"R-{self._steps}"
        return self.record(
            Refund(
                "acme",
                one.customer,
                event,
                amount,
                one.currency,
                self.now,
                self.directory.count,
                one.deal,
            )
        )

    def _review(self, step: str, place: int) -> list[Entry]:
        shape = {
            "held": fact.CommissionHeld,
            "released": fact.CommissionReleased,
            "rejected": fact.CommissionRejected,
        }[step]
        return [
            entry
            for booked in self._booked(place)
            for entry in self.decide(shape("acme", *booked[:3], "check", booked[3]))
        ]

    def _adjust(self, place: int, amount: int) -> list[Entry]:
        return [
            entry
            for partner, deal, event, via in self._booked(place)
            for entry in self.decide(
                fact.CommissionAdjusted("acme", partner, deal, event, amount, "check", via)
            )
        ]

    def _booked(self, place: int) -> list[tuple[str, str, str, str]]:
        """Partner, deal, lead, via of one commission; none before the first."""
        found = [
            (entry.partner, entry.deal, "" if entry.deal else entry.event_id, entry.via)
            for entry in self.entries
            if entry.kind == "commission"
        ]
        return [found[-1 - place % len(found)]] if found else []

    def _assign(self, place: int, partner: str) -> list[Entry]:
        if not self.recorded:
            return []
        one = self.recorded[-1 - place % len(self.recorded)]
        event = f"A-{self._steps}"
        return self.record(
            Assignment("acme", one.customer, event, self.now, self.directory.count, partner, one)
        )

    def _unit_of(self, partner: str) -> str:
        return self.unit if partner == "bob" and self.unit else self.currency

    def _payout(self, step: str, payout: str, partner: str, amount: int, unit: str) -> list[Entry]:
        if step == "requested":
            unit = unit or self._unit_of(partner)
            return self.decide(fact.PayoutRequested(payout, "acme", partner, unit, amount))
        shape = {
            "sent": fact.PayoutSent,
            "settled": fact.PayoutSettled,
            "failed": fact.PayoutFailed,
            "returned": fact.PayoutReturned,
        }[step]
        return self.decide(shape(payout, "acme", partner))

    def _adjustment(self, kind: str, name: str, partner: str, amount: int) -> list[Entry]:
        unit = self._unit_of(partner)
        if kind == "adjustment":
            return self.decide(fact.AccountAdjusted(name, "acme", partner, unit, amount, "by hand"))
        if kind == "received":
            return self.decide(fact.PaymentReceived(name, "acme", partner, unit, abs(amount)))
        winner = fact.Winner(1, partner, 0, abs(amount), unit)
        return self.decide(fact.ContestClosed("acme", name, 1, {}, (winner,)))

    def undo(self) -> list[Entry]:
        """Refund every deal to the end, and reject every lead."""
        entries = []
        for place in range(len(self.recorded)):
            entries += self.happen(("refund", place, 10**9))
        for _, event in self.leads:
            for partner in PARTNERS:
                entries += self.decide(
                    fact.CommissionRejected("acme", partner, "", event, "undone")
                )
                for via in PARTNERS:
                    entries += self.decide(
                        fact.CommissionRejected("acme", partner, "", event, "undone", via)
                    )
        return entries
