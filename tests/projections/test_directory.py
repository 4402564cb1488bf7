"""The directory answers as of any decision number, for ever."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import decisions as fact
from events.decisions import Decision
from events.terms import Rule, Terms
from projections.directory import Directory
from tests.projections.world import World

RULE = Rule("sale", "sale", "percentage", 1_000)


def world_of(*facts: fact.DecisionFact) -> World:
    world = World()
    for found in facts:
        world.decide(found)
    return world


def test_a_link_is_unknown_then_active_then_disabled() -> None:
    directory = world_of(
        fact.ProgramCreated("acme", "Acme", "EUR"),
        fact.LinkCreated("summer", "acme", "alice", "https://acme.test"),
        fact.LinkDisabled("summer"),
    ).directory
    assert directory.link("summer", 1) is None
    second, third = directory.link("summer", 2), directory.link("summer", 3)
    assert second is not None and second.active and second.partner == "alice"
    assert third is not None and not third.active
    assert directory.link("winter", 3) is None


def test_agreements_and_coupons_change_by_decision() -> None:
    directory = world_of(
        fact.PartnerApplied("alice", "acme"),
        fact.PartnerApproved("alice", "acme"),
        fact.PartnerSuspended("alice", "acme"),
        fact.CouponCreated("acme", "SAVE", "alice"),
        fact.CouponRetired("acme", "save"),
        fact.CouponCreated("acme", "SAVE", "bob"),
    ).directory
    active = [directory.partner_active("acme", "alice", known) for known in range(4)]
    assert active == [False, False, True, False]
    partners = [directory.coupon("acme", "Save", known) for known in range(3, 7)]
    assert partners == [None, "alice", None, "bob"]
    assert directory.coupon("other", "SAVE", 6) is None


def test_a_program_is_active_until_paused() -> None:
    directory = world_of(
        fact.ProgramCreated("acme", "Acme", "EUR"),
        fact.ProgramPaused("acme"),
        fact.ProgramResumed("acme"),
    ).directory
    views = [directory.program("acme", known) for known in range(4)]
    assert [view and view.active for view in views] == [None, True, False, True]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=12),
    st.integers(0, 30),
    st.integers(-1, 6),
)
def test_terms_in_force_are_those_of_a_search_through_all_versions(
    begins: list[tuple[int, bool]], known: int, occurred_at: int
) -> None:
    world, added = World(), []
    for version, (effective_from, other_first) in enumerate(begins, 1):
        if other_first:
            world.decide(fact.ProgramPaused("other"))
        terms = Terms(version, effective_from, (RULE,))
        world.decide(fact.TermsAdded("acme", terms))
        added.append((len(world.decisions), terms))
        # asked in between: what is kept for fast answers must not grow stale
        world.directory.terms("acme", known, occurred_at)
    suitable = [
        terms for number, terms in added if number <= known and terms.effective_from <= occurred_at
    ]
    wanted = max(suitable, key=lambda terms: (terms.effective_from, terms.version), default=None)
    found = world.directory.terms("acme", known, occurred_at)
    assert (found and found.terms) == wanted
    if found is not None:
        number = next(number for number, terms in added if terms == found.terms)
        assert found.position == world.decisions[number - 1].position


def test_listings_show_the_newest_state_in_the_order_of_creation() -> None:
    world = World()
    world.program()
    world.terms(RULE)
    world.terms(RULE, begins=7)
    world.partner("bob")
    world.partner("alice")
    world.decide(fact.LinkDisabled("bob-link"))
    directory = world.directory
    assert [view.program for view in directory.programs()] == ["acme"]
    assert [view.partner for view in directory.partners()] == ["bob", "alice"]
    assert directory.partners()[0].programs == {"acme": "approved"}
    assert [(view.link, view.active) for view in directory.links()] == [
        ("bob-link", False),
        ("alice-link", True),
    ]
    assert [version.terms.version for version in directory.terms_versions("acme")] == [1, 2]


def test_decisions_come_in_the_order_of_their_numbers() -> None:
    decision = Decision(2, "decisions/0/9", 0, "a", 1, "program.paused", b'{"program":"acme"}')
    with pytest.raises(ValueError, match="decisions/0/9: decision 2, expected 1"):
        Directory().apply(decision)


def test_foreign_and_unreadable_decisions_are_counted_and_change_nothing() -> None:
    directory = Directory()
    directory.apply(Decision(1, "decisions/0/0", 0, "dog:1", 1, "dog.trick_added", b"\x80pickle"))
    directory.apply(Decision(2, "decisions/0/1", 0, "program:a", 1, "program.created", b"{}"))
    assert directory.count == 2
    assert directory.programs() == ()
    [bad] = directory.unreadable
    assert (bad.number, bad.position) == (2, "decisions/0/1")
    assert "missing required field" in bad.why


def test_what_the_aggregate_library_adds_to_a_state_is_ignored() -> None:
    state = {"program": "acme", "name": "Acme", "currency": "EUR", "timestamp": "2026-01-01"}
    directory = Directory()
    value = msgspec.json.encode(state)
    directory.apply(Decision(1, "decisions/0/0", 0, "program:acme", 1, "program.created", value))
    assert directory.program("acme", 1) is not None
