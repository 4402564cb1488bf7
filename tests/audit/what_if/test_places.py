"""Where an instruction stands that history does not have."""

from __future__ import annotations

from audit.what_if.changes import DROPPED, Changes, Rerouted, Waiting
from events.codec import decode
from events.instructions import CommissionDue, RefundDue, ReviewDue


def commission(partner: str, deal: str, share: int = 10_000) -> CommissionDue:
    return CommissionDue(
        -1, "attributions/0/0", partner, "acme", "sale", deal, "conversions/0/0", 0, 1, share,
        "click", deal, 100, "EUR",
    )  # fmt: skip


def refund(partner: str, deal: str) -> RefundDue:
    return RefundDue(
        -1, "attributions/0/1", partner, "acme", "r", "conversions/0/1", 0, deal, 100, "EUR", 1
    )


def test_what_is_the_same_leaves_nothing_behind() -> None:
    rerouted = Rerouted(0, 1)
    same = (commission("jane", "d1"), commission("omar", "d1"))
    assert rerouted.route(same, same, 0, 5) == set()
    assert rerouted.changes[0] == Changes(0, routed=2)


def test_what_says_other_things_keeps_its_number() -> None:
    rerouted = Rerouted(0, 1)
    rerouted.route((commission("jane", "d1"),), (commission("jane", "d1", 5_000),), 0, 5)
    [(n, value)] = rerouted.changes[0].replaced.items()
    said = decode("instructions", value)
    assert (n, said.n, said.share) == (0, 0, 5_000)


def test_who_is_credited_instead_comes_after_what_the_source_put_there_before() -> None:
    rerouted = Rerouted(3, 1)
    rerouted.route((commission("jane", "d1"),), (commission("jane", "d1"),), 0, 9)
    touched = rerouted.route((commission("jane", "d2"),), (commission("omar", "d2"),), 1, 7)
    assert touched == {0}
    changes = rerouted.changes[0]
    assert changes.replaced == {1: DROPPED}
    [added] = changes.added
    # Its own time, 7, is before that of the attribution before it: time does not run backwards.
    assert (added.at, added.partition, added.offset, added.after) == (9, 3, 1, 1)
    rerouted.route((), (refund("omar", "d2"),), 2, 10)
    assert changes.added[1].after == 2


def test_a_new_instruction_waits_for_its_time_and_for_those_before_it() -> None:
    rerouted = Rerouted(0, 1)
    rerouted.route((commission("jane", "d1"),), (commission("jane", "d1"),), 0, 5)
    rerouted.route((), (commission("omar", "d2"),), 1, 6)
    other = Rerouted(1, 1)
    other.route((), (commission("omar", "d3"),), 0, 7)
    other.route((), (commission("omar", "d4"),), 1, 50)
    waiting = Waiting([rerouted.changes[0], other.changes[0]])

    def deals(at: int, seen: dict[int, int]) -> list[str]:
        return [decode("instructions", one.value).deal for one in waiting.before(at, seen, -1, 0)]

    assert deals(6, {}) == [], "one of the same time stands behind what history has"
    assert deals(8, {}) == ["d3"], "d2 waits for jane's d1, which the relay brings late"
    assert deals(40, {0: 1}) == ["d2"]
    assert waiting.left == 1
    assert [decode("instructions", one.value).deal for one in waiting.rest()] == ["d4"]


def test_the_instructions_of_one_attribution_keep_their_order() -> None:
    """Taken from jane and given to her again: what is rejected comes first, however late."""
    rejected = ReviewDue(-1, "attributions/0/0", "jane", "acme", "rejected", "d1")
    rerouted = Rerouted(0, 1)
    rerouted.route((rejected,), (rejected, commission("jane", "d1")), 0, 5)
    [added] = rerouted.changes[0].added
    assert added.after == 1
    waiting = Waiting([rerouted.changes[0]])
    assert list(waiting.before(90, {}, -1, 0)) == []
    assert list(waiting.before(90, {0: 1}, -1, 0)) == [added]


def test_what_would_come_first_comes_first_at_the_same_time_too() -> None:
    """Given to jane, who would have had it already: it is taken from her before."""
    rejected = ReviewDue(-1, "attributions/0/0", "jane", "acme", "rejected", "d1")
    rerouted = Rerouted(0, 1)
    rerouted.route((commission("jane", "d1"),), (rejected, commission("jane", "d1")), 0, 5)
    [added] = rerouted.changes[0].added
    assert list(Waiting([rerouted.changes[0]]).before(5, {}, -1, 0)) == []
    assert list(Waiting([rerouted.changes[0]]).before(5, {}, 0, 0)) == [added]
