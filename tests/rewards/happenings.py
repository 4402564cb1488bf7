"""What can happen in a row, as verbs over a ledger in memory.

people      partner, approve, suspend, recruit SUB under=PARENT, currency PARTNER UNIT,
            identify PARTNER ID…, publish VERSION, accept PARTNER VERSION, coupon CODE PARTNER,
            retire CODE, rates DATE BASE CUR=RATE… [source=ecb], terms [PARTNER] OPTION=VALUE…
            submit/approve_claim/reject_claim/lose/win REGISTRATION [PARTNER CUSTOMER]
customers   signup CUSTOMER, deal DEAL CUSTOMER AMOUNT, refund CUSTOMER AMOUNT [deal=…];
            options: click=alice@3 coupon= partner= kind=renewal currency= items=shoe/wear:60.00
            tax= shipping= country= identity= event= occurred= (when it happened)
reviews     hold/release/reject/adjust DEAL PARTNER [AMOUNT] [via=] [reason=] [lead=EVENT],
            assign DEAL PARTNER
money       payout STEP PAYOUT PARTNER [AMOUNT] [unit=] [run=], adjustment ID PARTNER AMOUNT,
            received ID PARTNER AMOUNT, contest NAME PARTNER=PRIZE…
questions   balance PARTNER [unit=], counters PARTNER PREFIX
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import Any

from events import decisions as fact
from events.conversions import Assignment, CitedClick, Deal, Item, Refund, Signup
from events.currencies import is_currency
from events.journal import Entry
from events.terms import Terms
from projections import account
from tests.projections.world import World
from tests.rewards.amounts import major, minor, time
from tests.rewards.show import show
from tests.rewards.terms_text import read_terms

PROGRAM = "acme"
PARTNERS = ("alice", "bob", "dora")


class Story:
    """A ledger and what a row may refer back to."""

    def __init__(self, *, reload: bool = False) -> None:
        self.world = World(reload=reload)
        self.currency = ""
        self.deals: dict[str, Deal] = {}
        self.registered: dict[str, tuple[str, str]] = {}
        self.versions = 0
        self._events = 0

    def happen(self, said: str, indented: list[str]) -> list[str]:
        """What one line gives, an item for each entry or answer."""
        day, colon, rest = said.partition(": ")
        words = (rest if colon else said).split()
        if colon:
            self.world.now = time(day)
        more = dict(word.split("=", 1) for word in words if "=" in word)
        verb, *names = [word for word in words if "=" not in word]
        if not self.currency:
            self._begin(names[0] if verb == "program" else "EUR")
        if verb == "program":
            return []
        if verb == "terms":
            return self._terms(names, more, indented)
        answer = getattr(self, f"_{verb}")(*names, **more)
        if answer and isinstance(answer[0], str):
            return list(answer)
        return self._shown(answer or [], verb)

    def _shown(self, entries: list[Entry], verb: str) -> list[str]:
        if entries or verb not in ("signup", "deal", "refund", "assign"):
            return [show(entry, self.currency) for entry in entries]
        found = self.world.last
        if found is None or found.outcome in ("credited", "assigned"):
            return []
        unmatched = [major(found.unmatched, found.currency)] if found.unmatched else []
        return [" ".join([found.outcome, *unmatched, f"({found.reason})"])]

    def _begin(self, currency: str) -> None:
        self.currency = currency
        self.world.decide(fact.ProgramCreated(PROGRAM, "Acme", currency))
        for partner in PARTNERS:
            self.world.partner(partner)

    # People

    def _terms(self, names: list[str], more: dict[str, str], lines: list[str]) -> list[str]:
        self.versions += 1
        fields = read_terms(more, lines, self.currency)
        partner = names[0] if names else ""
        terms = Terms(version=self.versions, partner=partner, **fields)
        self.world.decide(fact.TermsAdded(PROGRAM, terms))
        return []

    def _partner(self, partner: str) -> None:
        self.world.partner(partner)

    def _approve(self, partner: str) -> None:
        self.world.decide(fact.PartnerApproved(partner, PROGRAM))

    def _suspend(self, partner: str) -> None:
        self.world.decide(fact.PartnerSuspended(partner, PROGRAM))

    def _recruit(self, partner: str, under: str) -> None:
        self.world.decide(fact.PartnerRecruited(partner, PROGRAM, under))

    def _currency(self, partner: str, unit: str) -> None:
        self.world.decide(fact.PartnerCurrencySet(partner, unit))

    def _identify(self, partner: str, *identities: str) -> None:
        self.world.decide(fact.PartnerIdentified(partner, identities))

    def _publish(self, version: str) -> None:
        digest = sha256(version.encode()).hexdigest()
        self.world.decide(
            fact.AgreementPublished(PROGRAM, int(version), "Agreement", version, digest)
        )

    def _accept(self, partner: str, version: str) -> None:
        digest = sha256(version.encode()).hexdigest()
        self.world.decide(
            fact.AgreementAccepted(
                PROGRAM, partner, int(version), digest, "Ann", self.world.now, "ann"
            )
        )

    def _coupon(self, code: str, partner: str) -> None:
        self.world.decide(fact.CouponCreated(PROGRAM, code, partner))

    def _retire(self, code: str) -> None:
        self.world.decide(fact.CouponRetired(PROGRAM, code))

    def _rates(self, date: str, base: str, source: str = "ecb", **rates: str) -> None:
        self.world.decide(fact.RatesSet(source, date, base, rates))

    def _submit(self, registration: str, partner: str, customer: str) -> None:
        self.registered[registration] = (partner, customer)
        self.world.decide(
            fact.RegistrationSubmitted(registration, PROGRAM, partner, customer, "deal")
        )

    def _approve_claim(self, registration: str) -> None:
        whose = self.registered[registration]
        self.world.decide(fact.RegistrationApproved(registration, PROGRAM, *whose))

    def _reject_claim(self, registration: str) -> None:
        whose = self.registered[registration]
        self.world.decide(fact.RegistrationRejected(registration, PROGRAM, *whose))

    def _lose(self, registration: str) -> None:
        whose = self.registered[registration]
        self.world.decide(fact.RegistrationLost(registration, PROGRAM, *whose))

    def _win(self, registration: str, deal: str, amount: str) -> None:
        whose = self.registered[registration]
        self.world.decide(
            fact.RegistrationWon(
                registration, PROGRAM, *whose, deal, minor(amount), "EUR", self.world.now
            )
        )

    # Customers

    def _signup(self, customer: str, **more: str) -> list[Entry]:
        return self.world.record(Signup(PROGRAM, customer, *self._stamp(more), **_fields(more)))

    def _deal(self, deal: str, customer: str, amount: str, **more: str) -> list[Entry]:
        event, at, known = self._stamp(more)
        unit = more.pop("currency", self.currency)
        for name in ("tax", "shipping"):
            if name in more:
                more[name] = minor(more[name], unit)  # type: ignore[assignment]
        if "items" in more:
            more["items"] = _items(more["items"], unit)  # type: ignore[assignment]
        recorded = Deal(
            PROGRAM, customer, event, deal, minor(amount, unit), unit, at, known, **_fields(more)
        )
        self.deals.setdefault(deal, recorded)
        return self.world.record(recorded)

    def _refund(self, customer: str, amount: str, **more: str) -> list[Entry]:
        event, at, known = self._stamp(more)
        unit = more.pop("currency", self.currency)
        return self.world.record(
            Refund(PROGRAM, customer, event, minor(amount, unit), unit, at, known, **_fields(more))
        )

    def _assign(self, deal: str, partner: str, **more: str) -> list[Entry]:
        event, at, known = self._stamp(more)
        recorded = self.deals[deal]
        return self.world.record(
            Assignment(PROGRAM, recorded.customer, event, at, known, partner, recorded, **more)
        )

    def _stamp(self, more: dict[str, str]) -> tuple[str, int, int]:
        self._events += 1
        happened = more.pop("occurred", "")
        return (
            more.pop("event", f"E-{self._events}"),
            time(happened) if happened else self.world.now,
            int(more.pop("known", self.world.directory.count)),
        )

    # Reviews

    def _hold(self, deal: str, partner: str, **more: str) -> list[Entry]:
        return self._review(fact.CommissionHeld, deal, partner, **more)

    def _release(self, deal: str, partner: str, **more: str) -> list[Entry]:
        return self._review(fact.CommissionReleased, deal, partner, **more)

    def _reject(self, deal: str, partner: str, **more: str) -> list[Entry]:
        return self._review(fact.CommissionRejected, deal, partner, **more)

    def _adjust(
        self, deal: str, partner: str, amount: str, unit: str = "", **more: str
    ) -> list[Entry]:
        cents = minor(amount, unit or self.currency)
        return self._review(fact.CommissionAdjusted, deal, partner, amount=cents, **more)

    def _review(self, shape: Any, deal: str, partner: str, **more: Any) -> list[Entry]:
        """`lead` in the place of the deal: `hold lead alice lead=E-1`."""
        lead = more.pop("lead", "")
        more.setdefault("reason", "check")
        return self.world.decide(
            shape(
                program=PROGRAM,
                partner=partner,
                deal="" if lead else deal,
                event_id=lead,
                by="ann",
                **more,
            )
        )

    # Money

    def _payout(
        self, step: str, payout: str, partner: str, amount: str = "0", unit: str = "", run: str = ""
    ) -> list[Entry]:
        unit = unit or self.currency
        asked = {
            "requested": fact.PayoutRequested,
            "proposed": fact.PayoutProposed,
            "approved": fact.PayoutApproved,
        }
        if step in asked:
            cents = minor(amount, unit)
            return self.world.decide(asked[step](payout, PROGRAM, partner, unit, cents, "ann", run))
        if step == "canceled":
            return self.world.decide(fact.PayoutCanceled(payout))
        shapes: dict[str, Any] = {
            "sent": fact.PayoutSent,
            "settled": fact.PayoutSettled,
            "failed": fact.PayoutFailed,
            "returned": fact.PayoutReturned,
        }
        return self.world.decide(shapes[step](payout, PROGRAM, partner))

    def _adjustment(
        self, name: str, partner: str, amount: str, unit: str = "", reason: str = ""
    ) -> list[Entry]:
        unit = unit or self.currency
        return self.world.decide(
            fact.AccountAdjusted(name, PROGRAM, partner, unit, minor(amount, unit), reason, "ann")
        )

    def _received(self, name: str, partner: str, amount: str, unit: str = "") -> list[Entry]:
        unit = unit or self.currency
        return self.world.decide(
            fact.PaymentReceived(name, PROGRAM, partner, unit, minor(amount, unit))
        )

    def _contest(self, name: str, unit: str = "", **prizes: str) -> list[Entry]:
        unit = unit or self.currency
        winners = tuple(
            fact.Winner(rank, partner, 0, minor(amount, unit), unit)
            for rank, (partner, amount) in enumerate(prizes.items(), 1)
        )
        return self.world.decide(
            fact.ContestClosed(PROGRAM, name, self.versions, {"0": 0, "1": 0}, winners)
        )

    # Questions

    def _balance(self, partner: str, unit: str = "") -> list[str]:
        unit = unit or self.currency
        state = self.world.accounts.get(partner)
        funds = None if state is None else state.funds.get(f"{PROGRAM}/{unit}")
        at = self.world.now
        parts = {
            "available": account.available(state, PROGRAM, unit, at),
            "pending": account.pending(state, PROGRAM, unit, at),
            "in_transit": 0 if funds is None else funds.in_transit,
            "paid": 0 if funds is None else funds.paid,
        }
        return [" ".join(f"{name} {major(amount, unit)}" for name, amount in parts.items())]

    def _counters(self, partner: str, prefix: str) -> list[str]:
        gained: dict[str, int] = defaultdict(int)
        for entry in self.world.entries:
            if entry.partner == partner:
                for name, more in entry.counters.items():
                    gained[name] += more
        left = {
            name: amount for name, amount in gained.items() if name.startswith(prefix) and amount
        }
        return [", ".join(f"{name} {left[name]}" for name in sorted(left)) or "none"]


def _fields(more: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for word, value in more.items():
        if word == "click":
            fields["click"] = _click(value)
        else:
            fields["coupon_code" if word == "coupon" else word] = value
    return fields


def _click(text: str) -> CitedClick:
    """`alice@3` is a click on alice's link on day 3; `alice@3!forged` has a bad token."""
    partner, _, rest = text.partition("@")
    day, _, problem = rest.partition("!")
    return CitedClick(f"{partner}-link.{day}", f"{partner}-link", time(day), problem)


def _items(text: str, unit: str) -> tuple[Item, ...]:
    """`shoe/wear:60.00,hat:20.00`: product, category, amount."""
    items = []
    for part in text.split(","):
        product, _, amount = part.partition(":")
        name, _, category = product.partition("/")
        items.append(Item(name, 1, minor(amount, unit), category))
    return tuple(items)


def units(story: Story) -> set[str]:
    """Units of money that a story moved."""
    return {leg.unit or e.unit for e in story.world.entries for leg in e.legs
            if is_currency(leg.unit or e.unit)}  # fmt: skip
