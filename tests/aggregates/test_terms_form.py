"""The form of terms: what people write becomes what the log holds, and comes back the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tests.hypothesis_profile  # noqa: F401
from aggregates.errors import Invalid
from aggregates.program import Program
from aggregates.readable import moment, money, rate
from aggregates.terms import checked
from aggregates.terms_form import read_form, write_form
from aggregates.terms_schema import FILE, schema_bytes
from events.terms import (
    Bonus,
    Cap,
    Contest,
    Level,
    Modifier,
    Override,
    PayoutTerms,
    Prize,
    Rule,
    Terms,
    Tiers,
)

SALE = {"name": "sale", "event": "sale", "type": "percentage", "amount": "10%"}


@pytest.mark.parametrize(
    ("text", "points"), [("10%", 1_000), ("12.5 %", 1_250), ("0.01%", 1), ("100%", 10_000), (7, 7)]
)
def test_rates(text: object, points: int) -> None:
    assert rate("x", text) == points


@pytest.mark.parametrize(
    ("text", "unit", "minor"),
    [
        ("5.00", "EUR", 500),
        ("5", "EUR", 500),
        ("1,234.56", "EUR", 123_456),
        ("5.00 EUR", "", 500),
        ("5", "JPY", 5),
        ("1.005", "KWD", 1_005),
        ("5", "acme:credit", 5),
        ("5 acme:credit", "acme:credit", 5),
        (500, "EUR", 500),
        (500, None, 500),
    ],
)
def test_amounts(text: object, unit: str | None, minor: int) -> None:
    assert money("x", text, unit) == minor


@pytest.mark.parametrize("text", ["5,00", "1,23", "-5.00", "5.", ".5", "5 000", "1e3", "NaN", "٥"])
def test_no_amount_is_guessed(text: str) -> None:
    with pytest.raises(Invalid, match="an amount such as"):
        money("x", text, "EUR")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01",
        "2026-11-01T00:00:00Z",
        "2026-11-01T01:00:00+01:00",
        date(2026, 11, 1),
        datetime(2026, 11, 1),
        datetime(2026, 11, 1, tzinfo=UTC),
        1_793_491_200_000,
    ],
)
def test_moments(text: object) -> None:
    assert moment("x", text) == 1_793_491_200_000


@pytest.mark.parametrize(
    ("change", "engine", "by"),
    [
        ({}, "1", ""),
        ({"attribution": "first_touch", "hold_days": 0}, "1", ""),
        ({"engine": "2"}, "2", ""),
        ({"engine": 2}, "2", ""),
        ({"attribution": "linear"}, "2", "attribution"),
        ({"protection_days": 30}, "2", "protection_days"),
        ({"rules": [{**SALE, "maximum": "5.00"}]}, "2", "rules[0].maximum"),
        ({"rules": [{**SALE, "currency": "acme:points"}]}, "2", "rules[0].currency"),
        ({"partner": "jane"}, "2", "partner"),
    ],
)
def test_the_engine_is_2_where_it_is_named_or_needed(
    change: dict[str, Any], engine: str, by: str
) -> None:
    read = read_form({"rules": [SALE], **change}, "EUR")
    assert (read.terms.engine, read.engine_by) == (engine, by)


def test_a_program_on_engine_2_stays_there_unless_the_form_says_otherwise() -> None:
    newest = read_form({"rules": [SALE], "engine": "2"}).terms
    read = read_form({"rules": [SALE]}, newest=newest)
    assert (read.terms.engine, read.engine_by) == ("2", f"terms {newest.version}")
    assert read_form({"rules": [SALE], "engine": "1"}, newest=newest).terms.engine == "1"


def test_an_amount_is_of_the_unit_beside_it() -> None:
    flat = {"name": "lead", "event": "lead", "type": "flat", "amount": "5", "currency": "JPY"}
    tiers = {"levels": [{"threshold": 3, "amount": "7"}], "measure": "count"}
    points = {**SALE, "name": "points", "currency": "acme:points", "maximum": "40"}
    prize = {"name": "race", "starts": "2026-06-01", "ends": "2026-07-01"}
    read = read_form(
        {
            "rules": [{**flat, "tiers": tiers}, points],
            "payouts": [{"unit": "KWD", "minimum": "1.500"}],
            "contests": [{**prize, "prizes": [{"amount": "9", "currency": "USD"}]}],
        },
        "EUR",
    ).terms
    assert read.rules[0].amount == 5
    assert read.rules[0].tiers == Tiers((Level(3, 7),), measure="count")
    assert read.rules[1].maximum == 40
    assert read.payouts[0].minimum == 1_500
    assert read.contests[0].prizes == (Prize(900, "USD"),)


def test_without_the_program_amounts_name_their_currency() -> None:
    rule = {"name": "lead", "event": "lead", "type": "flat"}
    assert read_form({"rules": [{**rule, "amount": "5.00 EUR"}]}).terms.rules[0].amount == 500
    with pytest.raises(Invalid, match="with its currency"):
        read_form({"rules": [{**rule, "amount": "5.00"}]})


def test_the_newest_of_the_same_partner_again_adds_nothing() -> None:
    acme = Program.create("acme", "Acme", "EUR")
    rule = Rule("sale", "sale", "percentage", 1_000)
    general = acme.add_terms([rule], effective_from=0, engine="2")
    own = acme.add_terms([rule], effective_from=0, engine="2", partner="jane")
    assert (general.version, own.version) == (1, 2)
    assert acme.add_terms([rule], effective_from=0, engine="2") == general
    assert acme.add_terms([rule], effective_from=0, engine="2", partner="jane") == own
    assert acme.add_terms([rule], effective_from=5, engine="2").version == 3
    assert acme.newest_terms("jane") == own


def test_individual_terms_need_general_ones_of_engine_2() -> None:
    acme = Program.create("acme", "Acme", "EUR")
    rule = Rule("sale", "sale", "percentage", 1_000)
    for _ in range(2):
        with pytest.raises(Invalid, match=r"partner=.*: add those first"):
            acme.add_terms([rule], effective_from=0, engine="2", partner="jane")
        acme.add_terms([rule], effective_from=0)


def test_types_are_checked_for_callers_in_python_too() -> None:
    acme = Program.create("acme", "Acme", "EUR")
    tiers = Tiers((Level("5", 6),))  # type: ignore[arg-type]
    rule = Rule("sale", "sale", "percentage", 1_000, tiers=tiers)
    with pytest.raises(Invalid, match=r"rules\[0\]\.tiers\.levels\[0\]\.threshold='5'"):
        acme.add_terms([rule], effective_from=0, engine="2")
    with pytest.raises(TypeError, match="holddays"):
        acme.add_terms([rule], effective_from=0, holddays=3)


names = st.text("abcdefgh", min_size=3, max_size=8)
amounts = st.integers(1, 10**12)
rates = st.integers(0, 10_000)
periods = st.sampled_from(["lifetime", "month", "quarter", "year"])
units = st.sampled_from(["", "USD", "JPY", "KWD", "acme:credit"])
times = st.integers(10**11, 4 * 10**12)
sales = st.sampled_from(["sale", "renewal"])

modifiers = st.one_of(
    st.builds(Modifier, st.just("country"), st.sampled_from(["is", "is_not"]), st.just("DE")),
    st.builds(Modifier, st.just("product"), st.just("in"), st.tuples(st.text(min_size=1), names)),
    st.builds(Modifier, st.just("amount"), st.sampled_from(["at_least", "at_most"]), amounts),
)
levels = st.lists(st.tuples(amounts, rates), min_size=1, max_size=4).map(
    lambda found: tuple(Level(threshold, paid) for threshold, paid in sorted(dict(found).items()))
)
tiers = st.builds(
    Tiers, levels, st.sampled_from(["amount", "count"]), periods,
    st.sampled_from(["onward", "retroactive"]),
)  # fmt: skip
rules = st.builds(
    Rule, names, sales, st.sampled_from(["percentage", "flat", "margin"]), rates,
    currency=units, adds=st.booleans(), modifiers=st.lists(modifiers, max_size=2).map(tuple),
    maximum=st.one_of(st.just(0), amounts), tiers=st.none() | tiers,
)  # fmt: skip
terms = st.builds(
    Terms,
    version=st.just(0),
    effective_from=times,
    rules=st.lists(rules.map(lambda rule: mended(rule)), min_size=1, max_size=3).map(tuple),
    engine=st.just("2"),
    hold_days=st.integers(0, 365),
    review_above=amounts,
    renewals=st.sampled_from(["current", "first_sale"]),
    bonuses=st.lists(
        st.builds(Bonus, names, amounts, amounts, sales, currency=units), max_size=2
    ).map(tuple),
    caps=st.lists(st.builds(Cap, names, st.just("partner"), amounts, periods), max_size=2).map(
        tuple
    ),
    overrides=st.lists(
        st.builds(Override, names, st.integers(1, 10), sales, st.just("flat"), amounts, units),
        max_size=2,
    ).map(tuple),
    contests=st.lists(
        st.builds(
            Contest, names, times, st.just(5 * 10**12),
            st.lists(st.builds(Prize, amounts, units), min_size=1, max_size=3).map(tuple),
        ),
        max_size=1,
    ).map(tuple),
    payouts=st.lists(
        st.builds(PayoutTerms, units, amounts), max_size=2, unique_by=lambda found: found.unit
    ).map(tuple),
)  # fmt: skip


def mended(rule: Rule) -> Rule:
    """`rule` without what does not go together."""
    change: dict[str, Any] = {}
    if rule.type != "flat" and ":" not in rule.currency:
        change["currency"] = ""
    if rule.type == "margin":
        change |= {"modifiers": (), "currency": ""}
    if rule.tiers and rule.tiers.apply == "retroactive":
        change |= {"maximum": 0}
        if rule.type == "margin":
            change |= {"tiers": None}
    return msgspec.structs.replace(rule, **change)


@given(terms)
def test_what_is_written_is_read_as_the_same(wanted: Terms) -> None:
    try:
        wanted = checked(wanted)
    except Invalid:
        assume(False)
    written = write_form(wanted, "EUR")
    assert read_form(written, "EUR").terms == wanted
    assert read_form(json.loads(json.dumps(written)), "EUR").terms == wanted


def test_the_schema_file_is_current() -> None:
    assert FILE.read_bytes() == schema_bytes(), "run: python -m aggregates.terms_schema"


def test_the_schema_knows_every_field() -> None:
    described = json.loads(schema_bytes())
    for kind in (Rule, Tiers, Level, Modifier, Bonus, Cap, Override, Contest, Prize, PayoutTerms):
        properties = described["$defs"][kind.__name__]["properties"]
        assert set(properties) == {field.name for field in msgspec.structs.fields(kind)}
    fields = {field.name for field in msgspec.structs.fields(Terms)}
    assert set(described["properties"]) == fields - {"version"}
