"""From one engine to the other: what would have been, reckoned a second time, naively."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.instructions import CommissionDue, Instruction, RefundDue
from events.journal import Entry
from events.terms import Rule, Terms
from projections.candidate import Candidate
from tests.audit.what_if.asked import what_if
from tests.audit.what_if.naive import Hypothesis, HypotheticalModel
from tests.audit.what_if.standing import accounts
from tests.audit.what_if.test_naive import VERSION, gist
from tests.audit.what_if.worlds import Recorded
from tests.hypothesis_profile import EXAMPLES
from tests.projections.world import START
from tests.rewards.lives import operations
from tests.rewards.model_parts import Booked, Expected, clean, rounded
from tests.rewards.schemes import schemes
from tests.rewards.test_model import booked

FEW = 50

lives = st.lists(operations, min_size=10, max_size=36).map(
    lambda life: [one for one in life if one[0] not in ("review", "assign")]
)


@st.composite
def simple_terms(draw: Any) -> Terms:
    """Any terms of engine 1."""
    rules = [
        Rule(
            f"r{number}",
            draw(st.sampled_from(("sale", "sale", "renewal", "lead"))),
            draw(st.sampled_from(("percentage", "flat"))),
            draw(st.integers(1, 5_000)),
            draw(st.sampled_from(("", "USD"))),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    rules = [
        replace(rule, type="flat" if rule.event == "lead" else rule.type,
                currency="" if rule.type == "percentage" and rule.event != "lead"
                else rule.currency)
        for rule in rules
    ]  # fmt: skip
    return Terms(
        1,
        START,
        tuple(rules),
        draw(st.sampled_from(("last_touch", "first_touch"))),
        draw(st.sampled_from((30, 0, 4))),
        draw(st.sampled_from((365, 0, 4))),
        draw(st.sampled_from((0, 3))),
    )


class OfEngineOne:
    """What engine 1 books for one partner: the first rule of the kind, whole or in part back."""

    def __init__(self, terms: Terms, currency: str) -> None:
        self.terms = terms
        self.currency = currency
        self.deals: dict[str, tuple[str, str, int, int]] = {}
        """Deal → rule, unit, amount of the deal, commission."""
        self.refunded: dict[str, int] = defaultdict(int)

    def expect(self, due: Instruction) -> Expected:
        if isinstance(due, CommissionDue):
            return self._commission(due)
        assert isinstance(due, RefundDue)
        if due.deal not in self.deals:
            return Expected("no_effect", {})
        rule, unit, amount, commission = self.deals[due.deal]
        before = rounded(commission * self._part(due.deal, amount))
        self.refunded[due.deal] += due.amount
        back = rounded(commission * self._part(due.deal, amount)) - before
        return Expected("clawback", _legs(unit, rule, -back))

    def _part(self, deal: str, amount: int) -> Fraction:
        return Fraction(self.refunded[deal], amount)

    def _commission(self, due: CommissionDue) -> Expected:
        for rule in self.terms.rules:
            unit = rule.currency or self.currency
            if rule.event != due.kind:
                continue
            if rule.type == "flat" and due.kind != "lead" and unit != due.currency:
                continue
            if due.kind != "lead" and due.amount <= 0:
                return Expected("no_effect", {}, reason="zero_amount")
            unit = unit if due.kind == "lead" else due.currency
            earned = rule.amount
            if rule.type == "percentage":
                earned = rounded(Fraction(due.amount * rule.amount, 10_000))
            if not earned:
                return Expected("no_effect", {}, reason="zero_amount")
            if due.deal:
                self.deals[due.deal] = (rule.name, unit, due.amount, earned)
            return Expected("commission", _legs(unit, rule.name, earned))
        return Expected("no_effect", {}, reason="no_rule")


def _legs(unit: str, rule: str, amount: int) -> Booked:
    return clean({("commissions", unit, rule): -amount, ("payable", unit, rule): amount})


def _is_what_is_expected(world: Recorded, hypothesis: Hypothesis, expecting: Any) -> None:
    other = what_if(world.log(), Candidate("acme", hypothesis.terms))
    said: dict[str, list[tuple[Instruction, Entry]]] = defaultdict(list)
    for instruction, entry in other.entries:
        said[instruction.partner].append((instruction, entry))
    would = accounts(world, hypothesis)
    assert would.keys() == said.keys()
    for partner, instructions in would.items():
        model = expecting(partner)
        assert [gist(one) for one in instructions] == [gist(one) for one, _ in said[partner]]
        for instruction, (_, entry) in zip(instructions, said[partner], strict=True):
            expected = model.expect(instruction)
            story = f"{expected}\n{instruction}\n{entry}"
            assert entry.kind == expected.kind, story
            assert booked(entry) == expected.legs, story
            if expected.reason:
                assert entry.reason == expected.reason, story


@settings(max_examples=EXAMPLES or FEW)
@given(schemes(), lives, simple_terms(), st.integers(0, 99))
def test_terms_of_engine_1_in_the_place_of_any(
    scheme: Any, life: list[Any], terms: Terms, lag: int
) -> None:
    world = Recorded(scheme, lag)
    for operation in life:
        world.happen(operation)
    hypothesis = Hypothesis(replace(terms, version=VERSION))
    _is_what_is_expected(
        world, hypothesis, lambda partner: OfEngineOne(hypothesis.terms, world.currency)
    )


@settings(max_examples=EXAMPLES or FEW)
@given(simple_terms(), lives, schemes(), st.integers(0, 99))
def test_terms_of_engine_2_in_the_place_of_engine_1(
    terms: Terms, life: list[Any], scheme: Any, lag: int
) -> None:
    candidate = replace(scheme["terms"][0], version=VERSION)
    world = Recorded({**scheme, "terms": [terms]}, lag)
    for operation in life:
        world.happen(operation)
    hypothesis = Hypothesis(candidate)
    _is_what_is_expected(
        world,
        hypothesis,
        lambda partner: HypotheticalModel(world.currency, world.decisions, hypothesis),
    )
