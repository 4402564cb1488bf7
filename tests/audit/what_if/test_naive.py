"""What would have been is what a second, naive calculation says, under any candidate terms."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.instructions import CommissionDue, Instruction
from events.journal import Entry
from projections.candidate import BEGINNING, END, Candidate
from tests.audit.what_if.asked import what_if
from tests.audit.what_if.naive import Hypothesis, HypotheticalModel, Naive
from tests.audit.what_if.standing import accounts
from tests.audit.what_if.worlds import Recorded
from tests.projections.world import DAY, START
from tests.rewards.lives import lives
from tests.rewards.schemes import schemes
from tests.rewards.test_model import booked

VERSION = 99
COMPARED = (
    "partner", "kind", "event_id", "conversion", "occurred_at", "known", "share", "method",
    "deal", "amount", "currency", "engine", "recorded_at", "customer", "identity", "country",
    "purchase", "first_at", "tax", "shipping", "items", "before", "level", "via", "hold",
    "deal_conversion", "step",
)  # fmt: skip

moments = st.sampled_from((None, None, START, START + 3 * DAY, START + 15 * DAY))


@st.composite
def hypotheses(draw: Any) -> Hypothesis:
    """Any terms, for all of time or a part of it."""
    terms = draw(schemes(versions=2))["terms"][-1]
    terms = replace(
        terms,
        version=VERSION,
        window_days=draw(st.sampled_from((30, 0, 4))),
        signup_window_days=draw(st.sampled_from((365, 0, 4))),
    )
    begins, ends = draw(moments), draw(moments)
    begins = BEGINNING if begins is None else begins
    ends = END if ends is None or ends <= begins else ends
    return Hypothesis(terms, begins, ends, not terms.partner and draw(st.booleans()))


def booked_naively(
    world: Recorded, hypothesis: Hypothesis | None
) -> dict[str, list[tuple[Instruction, Any]]]:
    """For each partner, what each of its instructions must give."""
    found = {}
    for partner, instructions in accounts(world, hypothesis).items():
        model = HypotheticalModel(world.currency, world.decisions, hypothesis)
        found[partner] = [(one, model.expect(one)) for one in instructions]
    return found


def totals(sides: dict[str, list[tuple[Instruction, Any]]]) -> dict[tuple[str, str, str], int]:
    """(partner, rule, unit) → what the partner is owed for, minor units."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for partner, answered in sides.items():
        for _, expected in answered:
            for (account, unit, rule), amount in expected.legs.items():
                if account == "payable":
                    sums[partner, rule, unit] += amount
    return sums


def gist(instruction: Instruction) -> dict[str, Any]:
    return {name: getattr(instruction, name, None) for name in COMPARED}


@given(schemes(), lives, hypotheses(), st.one_of(st.none(), st.integers(0, 99)))
def test_what_would_have_been_is_what_a_naive_calculation_says(
    scheme: Any, life: list[Any], hypothesis: Hypothesis, lag: int | None
) -> None:
    if any(rule.collects == "partner" for rule in hypothesis.terms.rules):
        scheme = {**scheme, "unit": ""}  # who collects is paid in the program's currency
    world = Recorded(scheme, lag)
    for operation in life:
        world.happen(operation)
    log = world.log()
    candidate = Candidate(
        "acme", hypothesis.terms, hypothesis.begins, hypothesis.ends, hypothesis.alone
    )
    other = what_if(log, candidate, top=1_000)
    said: dict[str, list[tuple[Instruction, Entry]]] = defaultdict(list)
    for instruction, entry in other.entries:
        said[instruction.partner].append((instruction, entry))
    would = booked_naively(world, hypothesis)
    assert would.keys() == said.keys()
    for partner, answered in would.items():
        assert [gist(one) for one, _ in answered] == [gist(one) for one, _ in said[partner]]
        times = [entry.at for _, entry in said[partner]]
        assert times == sorted(times), "an account's time never runs backwards"
        for (instruction, expected), (_, entry) in zip(answered, said[partner], strict=True):
            story = f"{expected}\n{instruction}\n{entry}"
            assert entry.kind == expected.kind, story
            assert booked(entry) == expected.legs, story
            if expected.reason:
                assert entry.reason == expected.reason, story
            if isinstance(instruction, CommissionDue):
                assert entry.hold == expected.hold, story
    was = booked_naively(world, None)
    _sums_are_theirs(other.answer, totals(was), totals(would))
    _outcomes_are_theirs(other.answer, Naive(world, None), Naive(world, hypothesis))


def _sums_are_theirs(answer: Any, was: Any, would: Any) -> None:
    rows = {(row.partner, row.rule, row.unit): row for row in answer.rows}
    for key in {*rows, *was, *would}:
        row = rows.get(key)
        both = (0, 0) if row is None else (row.actual, row.what_if)
        assert both == (was.get(key, 0), would.get(key, 0)), key
    for totals in (answer.totals, answer.partners, answer.rules):
        assert sum(one.actual for one in totals) == sum(was.values())
        assert sum(one.what_if for one in totals) == sum(would.values())
        assert all(one.difference == one.what_if - one.actual for one in totals)
    moved = sum(one.difference for one in answer.moves)
    assert moved == sum(would.values()) - sum(was.values())


def _outcomes_are_theirs(answer: Any, was: Naive, would: Naive) -> None:
    counted = {(one.what, one.why): (one.actual, one.what_if)
               for one in answer.conversions_by_outcome}  # fmt: skip
    expected = {
        key: (was.outcomes.get(key, 0), would.outcomes.get(key, 0))
        for key in {*was.outcomes, *would.outcomes}
    }
    assert counted == expected
