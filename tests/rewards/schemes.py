"""Random terms of engine 2: any mixture of features that is valid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from events.terms import Bonus, Cap, Level, Modifier, Override, PayoutTerms, Rule, Terms, Tiers
from tests.projections.world import DAY, START

POINTS = "acme:points"

events = st.sampled_from(("sale", "sale", "sale", "renewal", "lead"))
measures = st.sampled_from(("count", "amount"))
periods = st.sampled_from(("lifetime", "month", "quarter", "year"))
small = st.integers(1, 3_000)


@st.composite
def tiers(draw: Any, percentage: bool, plain: bool) -> Tiers:
    measure = draw(measures)
    thresholds = st.integers(1, 4) if measure == "count" else st.integers(1, 60_000)
    amounts = st.integers(1, 5_000) if percentage else st.integers(1, 900)
    steps = draw(st.dictionaries(thresholds, amounts, min_size=1, max_size=3))
    levels = tuple(Level(at, steps[at]) for at in sorted(steps))
    apply = draw(st.sampled_from(("onward", "retroactive"))) if plain else "onward"
    return Tiers(levels, measure, draw(periods), apply)


@st.composite
def modifiers(draw: Any) -> Modifier:
    return draw(
        st.sampled_from(
            (
                Modifier("country", "is", "de"),
                Modifier("country", "not_in", ("DE", "FR")),
                Modifier("customer", "is", "new"),
                Modifier("customer", "is_not", "new"),
                Modifier("purchase", "at_least", 2),
                Modifier("purchase", "at_most", 2),
                Modifier("amount", "at_least", 5_000),
                Modifier("method", "is", "click"),
                Modifier("product", "is", "shoe"),
                Modifier("product", "not_in", ("shoe", "hat")),
                Modifier("category", "in", ("WEAR", "toys")),
                Modifier("category", "is_not", "wear"),
            )
        )
    )


@st.composite
def rules(draw: Any, number: int) -> Rule:
    event = draw(events) if number else "sale"
    type = draw(st.sampled_from(("percentage", "percentage", "flat", "margin")))
    unit = draw(st.sampled_from(("", "", "", POINTS))) if type != "margin" else ""
    many = draw(st.sampled_from((0, 0, 0, 1, 1, 2)))
    conditions = tuple(draw(modifiers()) for _ in range(many))
    includes = draw(st.sampled_from(((), (), ("tax",), ("tax", "shipping"))))
    collects = draw(st.sampled_from(("program", "partner"))) if type == "margin" else "program"
    steps = None
    if type != "margin" and draw(st.booleans()):
        steps = draw(tiers(type == "percentage", not unit))
    bounded = not unit and not (steps and steps.apply == "retroactive") and type != "margin"
    low = draw(st.sampled_from((0, 0, 150))) if bounded else 0
    return Rule(
        f"r{number}",
        event,
        type,
        draw(st.integers(1, 9_000) if type != "flat" else small),
        currency=unit,
        adds=draw(st.booleans()) if number else False,
        modifiers=conditions,
        max_duration=draw(st.sampled_from((0, 1, 12))) if event == "renewal" else 0,
        includes=includes if event != "lead" else (),
        minimum=low,
        maximum=draw(st.sampled_from((0, 0, 2_500))) if bounded else 0,
        tiers=steps,
        collects=collects,
    )


@st.composite
def bonuses(draw: Any, number: int) -> Bonus:
    measure = draw(measures)
    threshold = draw(st.integers(1, 4) if measure == "count" else st.integers(1, 60_000))
    unit = draw(st.sampled_from(("", "", POINTS)))
    return Bonus(f"b{number}", threshold, draw(small), draw(events), measure, draw(periods), unit)


@st.composite
def caps(draw: Any, number: int) -> Cap:
    scope = draw(st.sampled_from(("deal", "partner")))
    named = draw(st.sampled_from(((), (), ("r0",), ("r1", "r0"))))
    period = draw(periods) if scope == "partner" else "lifetime"
    return Cap(f"c{number}", scope, draw(st.integers(1, 4_000)), period, named)


@st.composite
def schemes(draw: Any, *, foreign: bool = True, versions: int = 2) -> dict[str, Any]:
    """Versions of terms, and currencies of partners. `foreign`: also other currencies."""
    found = []
    for number in range(draw(st.integers(1, versions))):
        few = st.integers(0, 2)
        review = draw(st.sampled_from((0, 0, 0, 2_000)))
        waits = draw(st.sampled_from((False, False, False, True)))
        overrides = tuple(
            Override(f"o{at}", at + 1, "sale", type, draw(small))
            for at, type in enumerate(draw(st.sampled_from(((), ("percentage",), ("flat",)))))
        )
        found.append(
            Terms(
                version=number + 1,
                effective_from=START + number * 20 * DAY,
                rules=tuple(draw(rules(at)) for at in range(draw(st.integers(1, 4)))),
                attribution=draw(
                    st.sampled_from(("last_touch", "first_touch", "linear", "position_based"))
                ),
                hold_days=draw(st.sampled_from((0, 3, 30))),
                engine="2",
                bonuses=tuple(draw(bonuses(at)) for at in range(draw(few))),
                caps=tuple(draw(caps(at)) for at in range(draw(few))),
                overrides=overrides,
                partner=draw(st.sampled_from(("", "", "alice"))) if number else "",
                renewals=draw(st.sampled_from(("current", "first_sale"))),
                review_all=waits,
                review_above=review,
                max_age_days=draw(st.sampled_from((0, 0, 5))),
                self_referral=draw(st.sampled_from(("refuse", "hold"))),
                duplicate_customer=draw(st.sampled_from(("allow", "hold", "refuse"))),
                payouts=(PayoutTerms("", 0, 3, 100, 1_000),) if draw(st.booleans()) else (),
            )
        )
    currency = draw(st.sampled_from(("EUR", "EUR", "KRW"))) if foreign else "EUR"
    units = ("", "JPY", "KWD") if currency == "EUR" else ("", "EUR", "KWD")
    unit = draw(st.sampled_from(units)) if foreign else ""
    collecting = any(rule.collects == "partner" for terms in found for rule in terms.rules)
    return {
        "terms": found,
        "unit": "" if collecting else unit,
        "foreign": foreign,
        "currency": currency,
    }
