"""A what-if reckoned a second time, as naively as can be, that knows nothing of the folds.

Who is credited is read off the list of all that the customer did before; where a new
instruction stands, off the list of those there are; what it books, the naive model of the
rewards says (`tests.rewards.model`). For lives of `tests.rewards.lives`: engine 2, partners
who are all approved, alice below dora, bob who is also the customer erin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from events.codec import decode
from events.conversions import Assignment, Conversion, Deal, Refund, Signup
from events.instructions import CommissionDue, Instruction, RefundDue, ReviewDue
from events.terms import Terms
from tests.projections.world import DAY
from tests.rewards.model import Model
from tests.rewards.model_parts import WHOLE, rounded

SKEW = 60_000
PARENT = {"alice": "dora"}
ALSO = {"bob": ("erin",)}


class Hypothesis(NamedTuple):
    """Terms in the place of others for what happens in [begins, ends)."""

    terms: Terms
    begins: int = -(2**53)
    ends: int = 2**53
    alone: bool = False

    def holds(self, moment: int) -> bool:
        return self.begins <= moment < self.ends


class HypotheticalModel(Model):
    """The naive model of the rewards, under other terms."""

    def __init__(self, currency: str, decisions: list[Any], given: Hypothesis | None) -> None:
        super().__init__(currency, decisions)
        self.given = given

    def terms(self, known: int, moment: int, partner: str) -> Terms | None:
        given = self.given
        if given is None or not given.holds(moment):
            return super().terms(known, moment, partner)
        if given.terms.partner:
            return given.terms if given.terms.partner == partner else super().terms(
                known, moment, partner
            )  # fmt: skip
        own = super().terms(known, moment, partner) if partner and not given.alone else None
        return own if own is not None and own.partner else given.terms


class Credited(NamedTuple):
    partner: str
    share: int
    method: str
    before: int
    level: int = 0
    via: str = ""
    hold: str = ""


@dataclass
class Done:
    """A lead or deal that was recorded, and whose it is."""

    what: Signup | Deal
    position: str
    credits: list[Credited]
    reason: str
    refunded: int = 0


class Routed(NamedTuple):
    """An instruction, and where it comes from."""

    partition: int
    offset: int
    turn: int
    at: int
    instruction: Instruction


@dataclass
class Naive:
    """The instructions of a world's conversions, in the order of the conversions."""

    world: Any
    given: Hypothesis | None
    routed: list[Routed] = field(default_factory=list)
    outcomes: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model = HypotheticalModel(self.world.currency, self.world.decisions, self.given)
        for partition, values in self.world.conversions.items():
            customers: dict[str, list[Done]] = {}
            for offset, value in enumerate(values):
                conversion = decode("conversions", value)
                done = customers.setdefault(conversion.customer, [])
                place = (partition, offset, values.times[offset])
                found = self._route(conversion, done, place)
                for turn, instruction in enumerate(found):
                    self.routed.append(Routed(partition, offset, turn, place[2], instruction))

    def _count(self, outcome: str, why: str) -> None:
        self.outcomes[outcome, why] = self.outcomes.get((outcome, why), 0) + 1

    def _route(
        self, conversion: Conversion, done: list[Done], place: tuple[int, int, int]
    ) -> list[Instruction]:
        source = f"attributions/{place[0]}/{place[1]}"
        position = f"conversions/{place[0]}/{place[1]}"
        if isinstance(conversion, Refund):
            return self._refund(conversion, done, source, position)
        if isinstance(conversion, Assignment):
            return self._assign(conversion, done, source)
        credits, reason = self._credit(conversion, done)
        self._count("credited" if credits else "unattributed",
                    credits[0].method if credits else reason)  # fmt: skip
        found = [
            self._due(conversion, done, credit, source, position, place[2], conversion.event_id)
            for credit in credits
        ]
        done.append(Done(conversion, position, credits, reason))
        return found

    # Whose a lead or deal is

    def _credit(self, one: Signup | Deal, done: list[Done]) -> tuple[list[Credited], str]:
        terms = self.model.terms(one.known, one.occurred_at, "")
        if terms is None:
            return [], "no_terms"
        if terms.engine == "1":
            return self._credit_one(one, done, terms)
        method, contacts, clicks = self._contacts(one, done, terms)
        if not contacts:
            return [], self._why_nobody(one, done, clicks)
        refused = [
            partner for partner, _ in contacts
            if terms.self_referral == "refuse" and self._is_itself(partner, one)
        ]  # fmt: skip
        several = len(contacts) > 1
        contacts = [(partner, weight) for partner, weight in contacts if partner not in refused]
        if not contacts:
            return [], "self_referral"
        if method == "click" and several:
            contacts = self._weighed([partner for partner, _ in contacts], terms)
        whole = sum(weight for _, weight in contacts)
        shares: dict[str, int] = {}
        upto = Fraction(0)
        for partner, weight in contacts:
            before = rounded(upto * WHOLE / whole)
            upto += weight
            given = rounded(upto * WHOLE / whole) - before
            shares[partner] = shares.get(partner, 0) + given
        credits, before = [], 0
        for partner, share in shares.items():
            hold = "self_referral" if self._is_itself(partner, one) else ""
            credits.append(Credited(partner, share, method, before, hold=hold))
            before += share
        return credits + self._above(credits, terms), ""

    def _credit_one(
        self, one: Signup | Deal, done: list[Done], terms: Terms
    ) -> tuple[list[Credited], str]:
        """Engine 1: one partner, which is itself only under its own name."""
        method, contacts, clicks = self._contacts(one, done, terms)
        if not contacts:
            return [], self._why_nobody(one, done, clicks)
        partner = contacts[0][0]
        if partner == one.customer:
            return [], "self_referral"
        return [Credited(partner, WHOLE, method, 0)], ""

    def _why_nobody(self, one: Signup | Deal, done: list[Done], clicks: list[Any]) -> str:
        earlier = [click.clicked_at for click in clicks]
        signup = self._signup(done)
        if signup is not None:
            earlier.append(signup.what.occurred_at)
        expired = any(at <= one.occurred_at + SKEW for at in earlier)
        return "window_expired" if expired else "no_touch"

    def _contacts(
        self, one: Signup | Deal, done: list[Done], terms: Terms
    ) -> tuple[str, list[tuple[str, Fraction]], list[Any]]:
        clicks: list[Any] = []
        for click in [*(each.what.click for each in done), one.click]:
            if click is not None and click not in clicks:
                clicks.append(click)
        if one.partner:
            return "partner_id", [(one.partner, Fraction(1))], clicks
        earliest = one.occurred_at - terms.window_days * DAY
        inside = [
            click for click in clicks if earliest <= click.clicked_at <= one.occurred_at + SKEW
        ]
        if inside:
            if terms.attribution in ("linear", "position_based"):
                inside.sort(key=lambda click: click.clicked_at)
            else:
                times = [click.clicked_at for click in inside]
                wanted = min(times) if terms.attribution == "first_touch" else max(times)
                inside = [inside[times.index(wanted)]]
            names = [click.link.removesuffix("-link") for click in inside]
            return "click", [(name, Fraction(1)) for name in names], clicks
        signup = self._signup(done)
        if signup is not None:
            since = one.occurred_at - signup.what.occurred_at
            if -SKEW <= since <= terms.signup_window_days * DAY:
                own = [credit for credit in signup.credits if not credit.level]
                found = [(credit.partner, Fraction(credit.share)) for credit in own]
                return "signup", found, clicks
        return "", [], clicks

    def _signup(self, done: list[Done]) -> Done | None:
        """The newest credited signup that no signup credited."""
        found = None
        for one in done:
            if not isinstance(one.what, Signup) or not one.credits:
                continue
            if one.credits[0].method == "signup":
                continue
            if found is None or one.what.occurred_at >= found.what.occurred_at:
                found = one
        return found

    def _weighed(self, partners: list[str], terms: Terms) -> list[tuple[str, Fraction]]:
        """40 % for the first, 40 % for the last, 20 % for those between; or equal parts."""
        between = len(partners) - 2
        if terms.attribution == "linear" or between < 1:
            return [(partner, Fraction(1)) for partner in partners]
        ends, middle = Fraction(40), Fraction(20, between)
        weights = [ends, *[middle] * between, ends]
        return list(zip(partners, weights, strict=True))

    def _is_itself(self, partner: str, one: Signup | Deal) -> bool:
        known_as = (partner, *ALSO.get(partner, ()))
        return one.customer in known_as or one.identity in ALSO.get(partner, ())

    def _above(self, credits: list[Credited], terms: Terms) -> list[Credited]:
        return [
            credit._replace(partner=PARENT[credit.partner], level=1, via=credit.partner)
            for credit in credits
            if terms.overrides and credit.partner in PARENT
        ]

    # Instructions

    def _due(
        self, one: Any, done: list[Done], credit: Credited, source: str, position: str,
        recorded_at: int, event_id: str,
    ) -> CommissionDue:  # fmt: skip
        terms = self.model.terms(one.known, one.occurred_at, "")
        if terms is not None and terms.engine == "1":
            return CommissionDue(
                -1, source, credit.partner, "acme", one.kind if isinstance(one, Deal) else "lead",
                event_id, position, one.occurred_at, one.known, credit.share, credit.method,
                getattr(one, "deal", ""), getattr(one, "amount", 0), getattr(one, "currency", ""),
            )  # fmt: skip
        earlier = [each for each in done if isinstance(each.what, Deal)]
        bought = [each.what.deal for each in earlier]
        deal = isinstance(one, Deal)
        number = bought.index(one.deal) + 1 if deal and one.deal in bought else len(bought) + 1
        return CommissionDue(
            n=-1, source=source, partner=credit.partner, program="acme",
            kind=one.kind if deal else "lead", event_id=event_id, conversion=position,
            occurred_at=one.occurred_at, known=one.known, share=credit.share,
            method=credit.method, deal=one.deal if deal else "",
            amount=one.amount if deal else 0, currency=one.currency if deal else "",
            engine="2", recorded_at=recorded_at, customer=one.customer,
            identity=one.identity, country=one.country, purchase=number,
            first_at=earlier[0].what.occurred_at if earlier else one.occurred_at,
            tax=one.tax if deal else 0, shipping=one.shipping if deal else 0,
            items=one.items if deal else (), before=credit.before, level=credit.level,
            via=credit.via, hold=credit.hold,
        )  # fmt: skip

    def _refund(
        self, refund: Refund, done: list[Done], source: str, position: str
    ) -> list[Instruction]:
        [deal] = [each for each in done if getattr(each.what, "deal", "") == refund.deal]
        assert isinstance(deal.what, Deal)
        amount = min(refund.amount, deal.what.amount - deal.refunded)
        self._count("refunded" if amount else "unmatched", "")
        if not amount:
            return []
        deal.refunded += amount
        return self._refunds(refund, deal, deal.credits, amount, source, position)

    def _refunds(
        self, by: Any, deal: Done, credits: list[Credited], amount: int, source: str, position: str
    ) -> list[Instruction]:
        assert isinstance(deal.what, Deal)
        happened = by.occurred_at if isinstance(by, Refund) else deal.what.occurred_at
        return [
            RefundDue(
                n=-1, source=source, partner=credit.partner, program="acme",
                event_id=by.event_id, conversion=position, occurred_at=happened,
                deal=deal.what.deal, amount=amount, currency=deal.what.currency,
                known=by.known, deal_conversion=deal.position, level=credit.level,
                via=credit.via,
            )
            for credit in credits
        ]  # fmt: skip

    def _assign(self, one: Assignment, done: list[Done], source: str) -> list[Instruction]:
        [deal] = [each for each in done if getattr(each.what, "deal", "") == one.deal.deal]
        terms = self.model.terms(one.known, one.deal.occurred_at, "")
        self._count("unmatched" if terms is None else "assigned",
                    "" if terms is None else "manual")  # fmt: skip
        if terms is None:
            return []
        before, now = deal.credits, [Credited(one.partner, WHOLE, "manual", 0)]
        deal.credits = now + self._above(now, terms)
        found: list[Instruction] = [
            ReviewDue(
                n=-1, source=source, partner=credit.partner, program="acme", step="rejected",
                deal=one.deal.deal, via=credit.via, reason="reassigned",
            )
            for credit in before
        ]  # fmt: skip
        for credit in deal.credits:
            due = self._due(one.deal, done, credit, source, deal.position, 0, one.event_id)
            known = {name: getattr(due, name) for name in due.__struct_fields__} | {
                "known": one.known
            }
            found.append(CommissionDue(**known))
        if deal.refunded:
            position = f"conversions/{source.partition('/')[2]}"
            found += self._refunds(one, deal, deal.credits, deal.refunded, source, position)
        return found
