"""The straight case gives the same bytes as the whole calculation it goes past."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from events import decisions as fact
from events.terms import Bonus, Cap, Level, Modifier, Rule, Terms, Tiers
from projections.rewards import earning
from tests.projections.world import DAY, World

deals = st.lists(
    st.tuples(
        st.integers(1, 50_000),
        st.sampled_from(("DE", "FR")),
        st.sampled_from(("", "person-1")),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=12,
)
schemes = st.fixed_dictionaries(
    {
        "rules": st.sampled_from(
            (
                (Rule("sale", "sale", "percentage", 1_234),),
                (Rule("sale", "sale", "flat", 500, maximum=400),),
                (
                    Rule(
                        "home",
                        "sale",
                        "percentage",
                        999,
                        modifiers=(Modifier("country", "is", "DE"),),
                        minimum=77,
                    ),
                    Rule(
                        "sale",
                        "sale",
                        "percentage",
                        500,
                        tiers=Tiers((Level(2, 700), Level(4, 900)), "count", "month"),
                    ),
                ),
            )
        ),
        "bonuses": st.sampled_from(
            ((), (Bonus("three", 3, 500, measure="count", period="month"),))
        ),
        "caps": st.sampled_from(((), (Cap("one", "deal", 900), Cap("all", "partner", 3_000)))),
        "hold_days": st.sampled_from((0, 30)),
        "review_above": st.sampled_from((0, 2_000)),
        "duplicate_customer": st.sampled_from(("hold", "refuse", "allow")),
    }
)


def journal(scheme: dict[str, Any], life: list[Any]) -> list[bytes]:
    world = World()
    world.program()
    world.partner("alice")
    world.decide(fact.TermsAdded("acme", Terms(1, 0, engine="2", **scheme)))
    for number, (amount, country, identity, days) in enumerate(life):
        world.now += days * DAY
        world.deal(
            f"D-{number}",
            f"customer-{number % 3}",
            amount,
            partner="alice",
            country=country,
            identity=identity,
        )
    return [value for partition in sorted(world.journal) for value in world.journal[partition]]


@given(schemes, deals)
def test_the_straight_case_books_what_the_whole_calculation_books(
    scheme: dict[str, Any], life: list[Any]
) -> None:
    straight = journal(scheme, life)
    with patch.object(earning, "decide_straight", lambda *_: None):
        assert journal(scheme, life) == straight
