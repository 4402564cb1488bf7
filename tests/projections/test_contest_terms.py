"""Contests of a program's terms: the newest version counts, a closed one stays what it was."""

from __future__ import annotations

from events.terms import Contest, Prize, Rule
from projections.contest_terms import OpenContest, contest_in, contests_of
from tests.projections.world import World

RULE = Rule("sale", "sale", "percentage", 1_000)
SPRING = Contest("spring", 100, 200, (Prize(500),))
RAISED = Contest("spring", 100, 200, (Prize(900),))
AUTUMN = Contest("autumn", 300, 400, (Prize(1),), measure="count")


def test_a_later_version_changes_an_open_contest_and_no_closed_one() -> None:
    world = World()
    world.program()
    world.terms(RULE, engine="2", contests=(SPRING,))
    world.terms(RULE, engine="2", contests=(RAISED, AUTUMN))
    world.terms(RULE, engine="2", contests=(SPRING,), partner="jane")  # individual: no contests
    assert contests_of(world.directory, "acme") == {
        "spring": OpenContest(RAISED, 2),
        "autumn": OpenContest(AUTUMN, 2),
    }
    assert contest_in(world.directory, "acme", "spring", 1) == SPRING
    assert contest_in(world.directory, "acme", "spring", 2) == RAISED
    assert contest_in(world.directory, "acme", "autumn", 1) is None
    assert contest_in(world.directory, "acme", "spring", 3) is None
    assert contests_of(world.directory, "globex") == {}
