"""The fold against a naive model, on random lives with late records and corrections."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.corrections import COLUMNS, bridges
from projections.moments import END, NOW, Moment
from streams.named_moments import moment_of, places_text
from tests.as_of.asking import Answer
from tests.as_of.lives import engines, lived, lives, picked, picks, posted
from tests.as_of.model import earned, happenings, owed
from tests.projections.world import DAY, PARTITIONS
from tests.rewards.lives import Living, full_lives
from tests.rewards.schemes import schemes

moments = st.tuples(picks, picks)


@given(engines, lives, moments)
def test_any_moment_as_known_at_any_other(
    engine: str, life: list[Any], asked: tuple[int, int]
) -> None:
    world = lived(engine, life)
    all_ = happenings(world.journal, world.conversions)
    as_of, known = sorted(picked(all_, number) for number in asked)
    for k in (as_of, known, END):
        assert Answer(world, Moment(as_of), Moment(k)).owed() == owed(all_, as_of, k)
    early = Answer(world, Moment(known), Moment(as_of)).owed()
    assert early == owed(all_, known, as_of), "known before it is asked about"


@settings(max_examples=60)
@given(schemes(), full_lives, picks)
def test_any_terms(scheme: dict[str, Any], life: list[Any], number: int) -> None:
    world = Living(scheme)
    for operation in life:
        world.happen(operation)
    all_ = happenings(world.journal, world.conversions)
    as_of = picked(all_, number)
    for known in (as_of, as_of + 9 * DAY, END):
        answer = Answer(world, Moment(as_of), Moment(known))
        assert answer.owed() == owed(all_, as_of, known)
        assert answer.earned() == earned(all_, as_of, known)


@given(engines, lives)
def test_now_is_today(engine: str, life: list[Any]) -> None:
    """Known then as of now, and known now as of the far future, are what the accounts hold."""
    world = lived(engine, life)
    today = {
        (partner, *key.rsplit("/", 1)): (funds.payable, funds.in_transit, funds.paid)
        for partner, account in world.accounts.items()
        for key, funds in account.funds.items()
    }
    now = Moment(world.now + 1)
    for then, known in ((now, now), (now, NOW), (Moment(END), NOW)):
        found = Answer(world, then, known).owed()
        shown = {k: (v["payable"], v["in_transit"], v["paid"]) for k, v in found.items()}
        assert {k: v for k, v in shown.items() if any(v)} == {
            k: v for k, v in today.items() if any(v)
        }


@given(engines, lives, moments)
def test_corrections_bridge_exactly(engine: str, life: list[Any], asked: tuple[int, int]) -> None:
    world = lived(engine, life)
    all_ = happenings(world.journal, world.conversions)
    as_of, known = sorted(picked(all_, number) for number in asked)
    for k in (known, END):
        answer = Answer(world, Moment(as_of), Moment(k))
        then, now = owed(all_, as_of, as_of), owed(all_, as_of, k)
        for bridge in bridges(answer.before, answer.late, as_of, ()):
            key = (bridge.partner, bridge.program, bridge.unit)
            for name in COLUMNS:
                was = then.get(key, {}).get(name, 0)
                learned = sum(getattr(row.change, name) for row in bridge.corrections)
                assert getattr(bridge.then, name) == was
                assert was + learned == getattr(bridge.now, name) == now.get(key, {}).get(name, 0)
            for row in bridge.corrections:
                assert row.effective < as_of <= row.at < k
        changed = {key for key in now if now[key] != then.get(key)}
        found = bridges(answer.before, answer.late, as_of, ())
        assert changed <= {(b.partner, b.program, b.unit) for b in found if b.corrections}


@given(engines, lives, moments)
def test_a_time_and_its_places_agree(engine: str, life: list[Any], asked: tuple[int, int]) -> None:
    world = lived(engine, life)
    all_ = happenings(world.journal, world.conversions)
    as_of, known = sorted(picked(all_, number) for number in asked)
    by_time = Answer(world, Moment(as_of), Moment(known))
    then = moment_of(places_text(by_time.places(world, "then"), as_of))
    until = moment_of(places_text(by_time.places(world, "known")))
    by_place = Answer(world, then, until)
    assert by_place.owed() == by_time.owed()
    assert by_place.moment == as_of


@given(engines, lives, lives, picks)
def test_what_was_known_then_never_changes(
    engine: str, life: list[Any], more: list[Any], number: int
) -> None:
    """Later entries change no answer about what was known before them, by time or by place."""
    world = lived(engine, life)
    all_ = happenings(world.journal, world.conversions)
    as_of = Moment(min(picked(all_, number), world.now))
    first = Answer(world, as_of, as_of)
    places = moment_of(places_text(first.places(world, "then"), as_of.at))
    known = moment_of(places_text({p: len(world.journal[p]) for p in range(PARTITIONS)}))
    later = Answer(world, as_of, known).owed()
    was = first.owed()
    for operation in more:
        world.happen(operation)
    assert Answer(world, as_of, as_of).owed() == was
    assert Answer(world, places, places).owed() == was
    assert Answer(world, as_of, known).owed() == later


@given(engines, lives)
def test_a_place_gives_the_balance_that_stands_there(engine: str, life: list[Any]) -> None:
    """As of the record after an entry: what that entry states."""
    world = lived(engine, life)
    for partition in range(PARTITIONS):
        entries = posted(world, partition)
        for _, offset, entry, _ in entries[:: max(1, len(entries) // 3)]:
            places = {p: offset + 1 if p == partition else 0 for p in range(PARTITIONS)}
            answer = Answer(world, Moment(None, places), Moment(None, places))
            if entry.balance is None or not entry.legs:
                continue
            stated = entry.balance
            found = answer.owed().get((entry.partner, "acme", entry.unit), Counter())
            for name in ("payable", "in_transit", "paid"):
                assert found[name] == getattr(stated, name)
            assert answer.moment == entry.at + 1


def test_the_lives_are_not_idle() -> None:
    """Known then and known now differ in most of the lives that are drawn."""
    differing = total = 0
    kinds: set[str] = set()

    @given(engines, lives, picks)
    def count(engine: str, life: list[Any], pick: int) -> None:
        nonlocal differing, total
        world = lived(engine, life)
        as_of = picked(happenings(world.journal, world.conversions), pick)
        total += 1
        late = Answer(world, Moment(as_of), NOW).late
        kinds.update(dated.posted.entry.kind for dated in late)
        differing += bool(late)

    count()
    assert differing > total // 4, f"{differing} of {total}"
    assert {"commission", "clawback", "rejected", "adjusted", "held", "released"} <= kinds
