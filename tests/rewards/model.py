"""A second calculation of engine 2, as naive as can be, that knows nothing of the first.

It keeps what was booked for each deal as a plain list, and reckons every measure, cap, group
and bonus by going through all of it again at each step, with fractions. It reads decisions and
instructions, and says for each instruction which kind of entry is due and what each account
gains by which rule.

Left out, and judged by the tables: until when what bonuses and retroactive tiers pay is
pending, corrections by hand, and payouts.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction

from events import decisions as fact
from events.currencies import decimals
from events.decisions import Decision
from events.instructions import AdjustmentDue, CommissionDue, Instruction, RefundDue, ReviewDue
from events.terms import Bonus, Rule, Terms, Tiers
from tests.rewards.model_parts import (
    WHOLE,
    Booked,
    Deal,
    Expected,
    Line,
    Paid,
    PaidBonus,
    Weight,
    clean,
    day_of,
    holds,
    months_later,
    part,
    period,
    rounded,
)


class Model:
    """One partner in one program. `currency`: the program's."""

    def __init__(self, currency: str, decisions: list[Decision]) -> None:
        self.currency = currency
        self.decisions = decisions
        self.deals: dict[tuple[str, str], Deal] = {}
        """By (deal or event, via)."""
        self.past: list[Deal] = []
        """Rejected ones whose deal was booked anew."""
        self.groups: dict[tuple[str, int, str, str], Paid] = defaultdict(Paid)
        self.bonuses: dict[tuple[str, str, str], PaidBonus] = defaultdict(PaidBonus)
        self.persons: dict[str, str] = {}
        self.adjustments: set[tuple[str, str]] = set()

    def expect(self, due: Instruction) -> Expected:
        """The answer to the next instruction."""
        if isinstance(due, CommissionDue):
            return self._override(due) if due.level else self._commission(due)
        if isinstance(due, RefundDue):
            return self._refund(due)
        if isinstance(due, ReviewDue):
            return self._review(due)
        assert isinstance(due, AdjustmentDue)
        if (due.kind, due.adjustment) in self.adjustments:
            return Expected("no_effect", {})
        self.adjustments.add((due.kind, due.adjustment))
        other = "receipts" if due.kind == "payment_received" else "commissions"
        rule = due.adjustment if due.kind == "award" else ""
        return Expected(
            due.kind,
            {(other, due.unit, rule): -due.amount, ("payable", due.unit, rule): due.amount},
        )

    def pending(self, at: int) -> dict[str, int]:
        """What waits at `at` (ms), by unit: deals that are held, and those whose hold has not
        ended: it does at the first midnight UTC that is `hold_days` after the deal."""
        waiting: dict[str, int] = defaultdict(int)
        for deal in self._all():
            ends = day_of(deal.due.occurred_at) + timedelta(days=deal.terms.hold_days)
            midnight = ends.replace(hour=0, minute=0, second=0, microsecond=0)
            if midnight < ends:
                midnight += timedelta(days=1)
            holds = deal.terms.hold_days > 0 and midnight > day_of(at)
            for line in deal.lines:
                if line.owed > 0 and (deal.held or holds):
                    waiting[line.unit] += line.owed - line.back[1]
        return waiting

    # What was decided

    def _facts(self, known: int, shape: type) -> list:
        found = [decision.fact() for decision in self.decisions[:known]]
        return [one for one in found if isinstance(one, shape)]

    def terms(self, known: int, moment: int, partner: str) -> Terms | None:
        """The partner's own terms in force, or else the general ones."""
        for who in (partner, ""):
            versions = [
                one.terms
                for one in self._facts(known, fact.TermsAdded)
                if one.terms.partner == who and one.terms.effective_from <= moment
            ]
            if versions:
                return max(versions, key=lambda terms: (terms.effective_from, terms.version))
        return None

    def unit(self, known: int, partner: str) -> str:
        said = [
            one.currency
            for one in self._facts(known, fact.PartnerCurrencySet)
            if one.partner == partner
        ]
        return said[-1] if said else self.currency

    def exchange(self, base: str, quote: str, moment: int, known: int) -> Fraction | None:
        """Minor units of `quote` for one of `base`."""
        if base == quote:
            return Fraction(1)
        today = day_of(moment).date()
        tables = {}
        for one in self._facts(known, fact.RatesSet):
            date = datetime.fromisoformat(one.date).date()
            if today - timedelta(days=10) <= date <= today:
                tables[date] = {one.base: Fraction(1)} | {
                    name: Fraction(rate) for name, rate in one.rates.items()
                }
        if not tables:
            return None
        table = tables[max(tables)]
        shift = Fraction(10) ** (decimals(quote) - decimals(base))
        return table[quote] / table[base] * shift

    # Measures, over all that was booked

    def _all(self) -> list[Deal]:
        return [*self.past, *self.deals.values()]

    def measure(self, event: str, measure: str, of: str, moment: int) -> int:
        """Sales (number, or minor units of the program's currency) that count."""
        found = [
            deal
            for deal in self._all()
            if deal.due.level == 0
            and deal.due.kind == event
            and period(deal.due.occurred_at, of) == period(moment, of)
        ]
        if measure == "count":
            return sum(deal.counts for deal in found)
        return sum(deal.sold_left for deal in found)

    def _rate_at(self, rule: Rule, tiers: Tiers, moment: int) -> int:
        reached = self.measure(rule.event, tiers.measure, tiers.period, moment)
        amount, highest = rule.amount, -1
        for level in tiers.levels:
            if highest < level.threshold <= reached:
                amount, highest = level.amount, level.threshold
        return amount

    def _used(self, cap: tuple[str, str]) -> int:
        return sum(
            line.cost - line.back[0]
            for deal in self._all()
            if deal.counted
            for line in deal.lines
            if cap in line.capped_by
        )

    # A commission

    def _commission(self, due: CommissionDue) -> Expected:
        key = (due.deal or due.event_id, "")
        terms = self.terms(due.known, due.occurred_at, due.partner)
        assert terms is not None
        if due.kind == "renewal" and terms.renewals == "first_sale":
            terms = self.terms(due.known, due.first_at, due.partner) or terms
        booked = self.deals.get(key)
        if booked is not None and not booked.rejected:
            return Expected("no_effect", {})
        if due.kind != "lead" and due.amount <= 0:
            return Expected("no_effect", {}, reason="zero_amount")
        person = self.persons.get(due.identity, due.customer)
        twice = due.identity and person != due.customer
        if twice and terms.duplicate_customer == "refuse":
            return Expected("no_effect", {}, reason="duplicate_customer")
        parts = self._parts(due)
        chosen = self._chosen(due, terms, parts)
        if not chosen:
            return Expected("no_effect", {}, reason="no_rule")
        unit = self.unit(due.known, due.partner)
        sold_in = due.currency or self.currency
        into = self.exchange(sold_in, self.currency, due.occurred_at, due.known)
        rate = self.exchange(self.currency, unit, due.occurred_at, due.known)
        assert into is not None and rate is not None
        lines, weights = [], []
        for rule, amount in chosen:
            if rule.tiers is not None and rule.tiers.apply == "retroactive":
                whole = rounded(amount * into) if rule.type == "percentage" else WHOLE
                weights.append(Weight(rule, whole * due.share))
            else:
                lines.append(self._line(due, rule, amount, into, unit))
        self._bound(due, terms, lines)
        for line in lines:
            self._owe(line, rate)
        hold = self._hold(due, terms, lines, weights)
        if booked is not None:
            self.past.append(booked)
        sold = part(due.amount * into, due.before, due.share)
        deal = Deal(due, terms, unit, rate, lines, weights, sold, False, bool(hold))
        self.deals[key] = deal
        if due.identity:
            self.persons.setdefault(due.identity, due.customer)
        legs: Booked = defaultdict(int)
        for line in lines:
            self._book(legs, deal, line, line.cost, line.owed, line.exchanged)
        if hold:
            for weight in weights:
                line = self._provisional(deal, weight)
                lines.append(line)
                self._book(legs, deal, line, line.cost, line.owed, line.exchanged)
        else:
            self._count(legs, deal)
        return Expected("commission", clean(legs), hold)

    def _parts(self, due: CommissionDue) -> list[tuple[str, str, int]]:
        total = sum(item.amount for item in due.items)
        parts, sofar, given = [], 0, 0
        for item in due.items:
            sofar += item.amount
            upto = rounded(Fraction(due.amount * sofar, total)) if total > due.amount else sofar
            parts.append((item.product, item.category, upto - given))
            given = upto
        if given < due.amount or not parts:
            parts.append(("", "", due.amount - given))
        return parts

    def _chosen(
        self, due: CommissionDue, terms: Terms, parts: list[tuple[str, str, int]]
    ) -> list[tuple[Rule, Fraction]]:
        """Each rule that pays, with what it is reckoned on (the deal's currency)."""
        chosen = []
        free = set(range(len(parts)))
        for rule in terms.rules:
            if rule.event != due.kind:
                continue
            late = rule.max_duration and due.kind == "renewal"
            if late and day_of(due.occurred_at) >= months_later(due.first_at, rule.max_duration):
                continue
            mine = [
                place
                for place in (range(len(parts)) if rule.adds else sorted(free))
                if all(holds(modifier, due, parts[place]) for modifier in rule.modifiers)
            ]
            if not mine:
                continue
            if not rule.adds:
                free -= set(mine)
            amount = Fraction(sum(parts[place][2] for place in mine))
            besides = sum(getattr(due, name) for name in rule.includes)
            if due.amount:
                amount += besides * amount / due.amount
            chosen.append((rule, amount))
        return chosen

    def _line(
        self, due: CommissionDue, rule: Rule, amount: Fraction, into: Fraction, unit: str
    ) -> Line:
        base = amount * into
        rate = rule.amount
        if rule.tiers is not None:
            rate = self._rate_at(rule, rule.tiers, due.occurred_at)
        exact = Fraction(rate) if rule.type == "flat" else base * rate / WHOLE
        if base > 0 or due.kind == "lead":
            exact = max(exact, Fraction(rule.minimum))
            exact = min(exact, Fraction(rule.maximum)) if rule.maximum else exact
        cost = part(exact, due.before, due.share)
        if rule.type == "margin" and rule.collects == "partner":
            price = part(base, due.before, due.share) - cost
            return Line(rule.name, self.currency, -price, -price, 0, wholesale=True)
        own = ":" in rule.currency
        return Line(rule.name, rule.currency if own else unit, cost, cost, 0)

    def _bound(self, due: CommissionDue, terms: Terms, lines: list[Line]) -> None:
        for scope in ("deal", "partner"):
            for cap in terms.caps:
                if cap.scope != scope:
                    continue
                name = (cap.name, period(due.occurred_at, cap.period))
                if scope == "deal":
                    room = part(cap.amount, due.before, due.share)
                else:
                    room = cap.amount - self._used(name)
                for line in lines:
                    if line.wholesale or ":" in line.unit:
                        continue
                    if cap.rules and line.rule not in cap.rules:
                        continue
                    line.cost = min(line.cost, max(room, 0))
                    room -= line.cost
                    if scope == "partner":
                        line.capped_by = (*line.capped_by, name)

    def _owe(self, line: Line, rate: Fraction) -> None:
        line.owed = line.cost
        if ":" not in line.unit and line.unit != self.currency:
            line.owed = rounded(line.cost * rate)
            line.exchanged = rounded(line.owed / rate)

    def _hold(
        self, due: CommissionDue, terms: Terms, lines: list[Line], weights: list[Weight]
    ) -> str:
        if due.hold:
            return due.hold
        known_as = self.persons.get(due.identity, due.customer)
        twice = due.identity and known_as != due.customer and not due.level
        if twice and terms.duplicate_customer == "hold":
            return "duplicate_customer"
        if (
            terms.max_age_days
            and due.recorded_at - due.occurred_at > terms.max_age_days * 86_400_000
        ):
            return "too_old"
        if terms.review_all:
            return "review_all"
        earned = sum(line.cost for line in lines if ":" not in line.unit and not line.wholesale)
        for weight in weights:
            if ":" not in weight.rule.currency:
                earned += rounded(weight.base * self._level_cost(weight.rule, due) / WHOLE)
        return "review_above" if terms.review_above and earned > terms.review_above else ""

    def _level_cost(self, rule: Rule, due: CommissionDue) -> Fraction:
        """What one unit of weight earns at the level that is reached."""
        assert rule.tiers is not None
        return Fraction(self._rate_at(rule, rule.tiers, due.occurred_at), WHOLE)

    def _provisional(self, deal: Deal, weight: Weight) -> Line:
        cost = rounded(weight.base * self._level_cost(weight.rule, deal.due) / WHOLE)
        own = ":" in weight.rule.currency
        line = Line(weight.rule.name, weight.rule.currency if own else deal.unit, cost, cost, 0)
        self._owe(line, deal.rate)
        return line

    # What depends on all other deals

    def _count(self, legs: Booked, deal: Deal) -> None:
        """Let a deal count: groups, then bonuses."""
        deal.counted = True
        self._again(legs, deal)

    def _again(self, legs: Booked, deal: Deal, *, pays: bool = True) -> None:
        """Reckon groups and bonuses of the deal's terms again. What takes back pays no bonus, even
        one that deals under other terms had reached: the next deal that asks for it does."""
        for rule in deal.terms.rules:
            retroactive = rule.tiers is not None and rule.tiers.apply == "retroactive"
            if retroactive and rule.event == deal.due.kind:
                self._group(legs, deal, rule)
        for bonus in deal.terms.bonuses:
            if pays and bonus.event == deal.due.kind and deal.counts:
                self._pay_bonus(legs, deal, bonus)
        for (_, name, _unit), paid in self.bonuses.items():
            bonus = paid.bonus
            if bonus is None or bonus.event != deal.due.kind:
                continue
            if name == period(deal.due.occurred_at, bonus.period):
                self._take_back_bonus(legs, deal, paid)

    def _group(self, legs: Booked, deal: Deal, rule: Rule) -> None:
        assert rule.tiers is not None
        moment = deal.due.occurred_at
        name = period(moment, rule.tiers.period)
        own = ":" in rule.currency
        unit = rule.currency if own else deal.unit
        members = [
            weight.left(one)
            for one in self._all()
            for weight in one.weights
            if one.counted
            and weight.rule.name == rule.name
            and one.terms.version == deal.terms.version
            and period(one.due.occurred_at, rule.tiers.period) == name
            and (own or one.unit == deal.unit)
        ]
        base = sum(members)
        due = rounded(base * self._level_cost(rule, deal.due) / WHOLE)
        paid = self.groups[rule.name, deal.terms.version, name, unit]
        cost = due - paid.cost
        line = Line(rule.name, unit, cost, cost, 0)
        self._owe(line, deal.rate)
        if not base:
            line.owed, line.exchanged = -paid.owed, -paid.exchanged
        paid.cost += cost
        paid.owed += line.owed
        paid.exchanged += line.exchanged
        self._book(legs, deal, line, line.cost, line.owed, line.exchanged)

    def _pay_bonus(self, legs: Booked, deal: Deal, bonus: Bonus) -> None:
        moment = deal.due.occurred_at
        unit = bonus.currency if ":" in bonus.currency else deal.unit
        paid = self.bonuses[bonus.name, period(moment, bonus.period), unit]
        reached = self.measure(bonus.event, bonus.measure, bonus.period, moment)
        if paid.bonus is not None or reached < bonus.threshold:
            return
        line = Line(bonus.name, unit, bonus.amount, bonus.amount, 0)
        self._owe(line, deal.rate)
        paid.bonus, paid.line = bonus, line
        self._book(legs, deal, line, line.cost, line.owed, line.exchanged)

    def _take_back_bonus(self, legs: Booked, deal: Deal, paid: PaidBonus) -> None:
        bonus, line = paid.bonus, paid.line
        assert bonus is not None and line is not None
        moment = deal.due.occurred_at
        if self.measure(bonus.event, bonus.measure, bonus.period, moment) < bonus.threshold:
            paid.bonus, paid.line = None, None
            self._book(legs, deal, line, -line.cost, -line.owed, -line.exchanged)

    # Overrides

    def _override(self, due: CommissionDue) -> Expected:
        key = (due.deal or due.event_id, due.via)
        general = self.terms(due.known, due.occurred_at, "")
        assert general is not None
        booked = self.deals.get(key)
        if booked is not None and not booked.rejected:
            return Expected("no_effect", {})
        if due.kind != "lead" and due.amount <= 0:
            return Expected("no_effect", {})
        unit = self.unit(due.known, due.partner)
        into = self.exchange(
            due.currency or self.currency, self.currency, due.occurred_at, due.known
        )
        rate = self.exchange(self.currency, unit, due.occurred_at, due.known)
        assert into is not None and rate is not None
        lines = []
        for override in general.overrides:
            if override.level == due.level and override.event == due.kind:
                exact = Fraction(override.amount)
                if override.type == "percentage":
                    exact *= due.amount * into / WHOLE
                own = ":" in override.currency
                cost = part(exact, due.before, due.share)
                line = Line(override.name, override.currency if own else unit, cost, cost, 0)
                self._owe(line, rate)
                lines.append(line)
        if not lines:
            return Expected("no_effect", {})
        hold = self._hold(due, general, lines, [])
        if booked is not None:
            self.past.append(booked)
        deal = Deal(due, general, unit, rate, lines, [], 0, False, bool(hold))
        self.deals[key] = deal
        legs: Booked = defaultdict(int)
        for line in lines:
            self._book(legs, deal, line, line.cost, line.owed, line.exchanged)
        return Expected("commission", clean(legs), hold)

    # Refunds and reviews

    def _refund(self, due: RefundDue) -> Expected:
        deal = self.deals.get((due.deal, due.via))
        if deal is None:
            return Expected("no_effect", {})
        if deal.rejected:
            return Expected("no_effect", {}, reason="already_rejected")
        if not deal.left:
            return Expected("no_effect", {})
        deal.refunded = min(deal.refunded + due.amount, deal.due.amount)
        legs: Booked = defaultdict(int)
        self._take_back(legs, deal)
        return Expected("clawback", clean(legs))

    def _take_back(self, legs: Booked, deal: Deal) -> None:
        gone = 1 - deal.left
        for line in deal.lines:
            totals = (line.cost, line.owed, line.exchanged)
            back = tuple(
                max(rounded(total * gone), old) if total >= 0 else min(rounded(total * gone), old)
                for total, old in zip(totals, line.back, strict=True)
            )
            cost, owed, exchanged = (now - old for now, old in zip(back, line.back, strict=True))
            line.back = (back[0], back[1], back[2])
            self._book(legs, deal, line, -cost, -owed, -exchanged)
        if deal.counted:
            self._again(legs, deal, pays=False)

    def _review(self, due: ReviewDue) -> Expected:
        deal = self.deals.get((due.deal or due.event_id, due.via))
        nothing = Expected("no_effect", {})
        if deal is None or deal.rejected or not deal.left:
            return nothing
        legs: Booked = defaultdict(int)
        if due.step == "held":
            if deal.held:
                return nothing
            deal.held = True
            if deal.counted:
                self._wait(legs, deal)
        elif due.step == "released":
            if not deal.held:
                return nothing
            deal.held = False
            if not deal.counted and not deal.due.level:
                self._release(legs, deal)
        elif due.step == "rejected":
            deal.rejected = True
            self._take_back(legs, deal)
        else:
            return nothing
        return Expected(due.step, clean(legs))

    def _wait(self, legs: Booked, deal: Deal) -> None:
        """A held deal counts for nothing: what groups and bonuses lose becomes its own lines."""
        deal.counted = False
        groups = {key: (paid.cost, paid.owed, paid.exchanged) for key, paid in self.groups.items()}
        bonuses = {key: (paid.bonus, paid.line) for key, paid in self.bonuses.items()}
        self._again(defaultdict(int), deal)
        lines = []
        for (rule, *_, unit), (cost, owed, exchanged) in groups.items():
            paid = self.groups[rule, *_, unit]
            lines.append(Line(rule, unit, cost - paid.cost, owed - paid.owed,
                              exchanged - paid.exchanged))  # fmt: skip
        taken = []
        for key, (bonus, line) in bonuses.items():
            if bonus is not None and line is not None and self.bonuses[key].bonus is None:
                taken.append((key, bonus, line))
                lines.append(Line(line.rule, line.unit, line.cost, line.owed, line.exchanged))
        waiting = []
        for line in lines:
            if (line.cost >= 0 and line.owed >= 0) and (":" in line.unit or line.unit == deal.unit):
                if line.cost or line.owed:
                    waiting.append(line)
            else:
                self._book(legs, deal, line, -line.cost, -line.owed, -line.exchanged)
        deal.provisional, deal.taken = tuple(waiting), tuple(taken)
        deal.lines += waiting

    def _pay_again(self, legs: Booked, deal: Deal) -> None:
        """Bonuses that were taken back by the hold, where their threshold is reached again."""
        for key, bonus, line in deal.taken:
            moment = deal.due.occurred_at
            reached = self.measure(bonus.event, bonus.measure, bonus.period, moment)
            if self.bonuses[key].bonus is None and reached >= bonus.threshold:
                self.bonuses[key] = PaidBonus(bonus, line)
                self._book(legs, deal, line, line.cost, line.owed, line.exchanged)
        deal.provisional, deal.taken = (), ()

    def _release(self, legs: Booked, deal: Deal) -> None:
        """Provisional lines of retroactive rules go, the group's come."""
        names = {weight.rule.name for weight in deal.weights}
        names |= {line.rule for line in deal.provisional}
        for line in [line for line in deal.lines if line.rule in names]:
            cost, owed, exchanged = line.back
            self._book(legs, deal, line, cost - line.cost, owed - line.owed,
                       exchanged - line.exchanged)  # fmt: skip
            deal.lines.remove(line)
        self._cut_again(legs, deal)
        deal.counted = True
        self._pay_again(legs, deal)
        self._count(legs, deal)

    def _cut_again(self, legs: Booked, deal: Deal) -> None:
        """The partner's caps have the room of now, not that of when the deal was booked."""
        caps = {
            (cap.name, period(deal.due.occurred_at, cap.period)): cap.amount
            for cap in deal.terms.caps
            if cap.scope == "partner"
        }
        taken: dict[tuple[str, str], int] = defaultdict(int)
        for line in deal.lines:
            left = line.cost - line.back[0]
            rooms = [max(caps[name] - self._used(name) - taken[name], 0) for name in line.capped_by]
            kept = min([left, *rooms])
            for name in line.capped_by:
                taken[name] += kept
            if kept < left:
                less = Line(line.rule, line.unit, kept, kept, 0)
                self._owe(less, deal.rate)
                cost, owed, exchanged = line.back
                gone = (line.cost - cost - less.cost, line.owed - owed - less.owed,
                        line.exchanged - exchanged - less.exchanged)  # fmt: skip
                line.cost -= gone[0]
                line.owed -= gone[1]
                line.exchanged -= gone[2]
                self._book(legs, deal, line, -gone[0], -gone[1], -gone[2])

    def _book(
        self, legs: Booked, deal: Deal, line: Line, cost: int, owed: int, exchanged: int
    ) -> None:
        """The legs of a line: one unit, or an exchange between two."""
        rule, unit = line.rule, line.unit
        if line.wholesale:
            legs["wholesale", unit, rule] -= owed
        elif ":" in unit or unit == self.currency:
            legs["commissions", unit, rule] -= cost
        else:
            legs["commissions", self.currency, rule] -= cost
            legs["exchange", self.currency, rule] += exchanged
            legs["rounding", self.currency, rule] += cost - exchanged
            legs["exchange", unit, rule] -= owed
        legs["payable", unit, rule] += owed
