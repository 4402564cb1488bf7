"""The trail: each decision in words, and who stands behind it."""

from __future__ import annotations

from string import Formatter

import msgspec
import pytest

from events.decisions import FACTS, Decision, Origin
from projections.trail import TrailLine, trail_line
from projections.trail_words import WORDS

SAID_TOGETHER = {"money", "because", "own", "subject", "version"}
"""What sentences say of several fields."""
PERSONAL = {"name", "iban", "bic", "email", "identities", "customer"}


def decision(name: str, origin: Origin | None = None, **state: object) -> Decision:
    return Decision(
        7, "decisions/0/6", 1_000, "payout:po-1", 2, name, msgspec.json.encode(state), origin
    )


def test_every_decision_has_its_words() -> None:
    assert set(WORDS) == set(FACTS)


@pytest.mark.parametrize("name", sorted(WORDS))
def test_words_name_fields_that_are_there_and_none_that_reach_a_person(name: str) -> None:
    fields = {field for _, field, _, _ in Formatter().parse(WORDS[name]) if field}
    assert fields <= set(FACTS[name].__struct_fields__) | SAID_TOGETHER
    assert not fields & PERSONAL


def test_a_payout_in_words() -> None:
    asked = {"payout": "po-1", "partner": "jane", "program": "acme", "unit": "EUR", "by": "ann"}
    line = trail_line(decision("payout.proposed", amount=12_345, **asked))
    assert line.what == (
        "asked for payout po-1 of 123.45 EUR to jane in acme, for a second person to approve"
    )
    assert line.about == ("payout:po-1", "po-1", "acme", "jane")
    everything = trail_line(decision("payout.requested", amount=0, **asked))
    assert "of all that is available to jane" in everything.what


@pytest.mark.parametrize(
    ("said", "origin", "person", "proved"),
    [
        ("ann", None, "ann", False),
        ("", None, "", False),
        ("", Origin("cli", "bob", "bob@here"), "bob", False),
        ("ann", Origin("api", "api", "10.0.0.1"), "ann", False),
        ("ann", Origin("api", "ann", "10.0.0.1", "k1"), "ann", True),
        ("eve", Origin("api", "ann", "10.0.0.1", "k1"), "ann", True),
        ("", Origin("worker", "payouts", "host"), "payouts", False),
    ],
)
def test_who_decided(said: str, origin: Origin | None, person: str, proved: bool) -> None:
    line = trail_line(decision("payout.canceled", origin, payout="po-1", by=said))
    assert (line.person, line.is_proved) == (person, proved)
    assert line.via == ("" if origin is None else origin.via)


def test_what_this_release_does_not_know_is_on_the_trail_too() -> None:
    line = trail_line(decision("planet.moved", by="ann", to="Mars"))
    assert line.what == "decided planet.moved of payout:po-1"
    odd = Decision(1, "decisions/0/0", 0, "x", 1, "payout.sent", b"\xff not JSON")
    assert trail_line(odd).what == "noted payout ? to ? as sent"
    braces = trail_line(decision("payout.canceled", payout="{reason}", reason="{payout}"))
    assert braces.what == "canceled payout {reason}: {payout}"


def test_a_line_is_hashable_data() -> None:
    assert isinstance(hash(trail_line(decision("payout.sent", payout="po-1"))), int)
    assert TrailLine.__struct_config__.frozen
