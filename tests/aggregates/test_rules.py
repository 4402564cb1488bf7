"""What each aggregate allows, told as: given what stands, this is decided or refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregates.coupon import Coupon
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists, Conflict, DecisionError, Invalid
from aggregates.link import Link
from aggregates.partner import Partner
from aggregates.payout import Payout
from aggregates.program import Program
from events.terms import Rule, Terms

SALE = Rule("sale", "sale", "percentage", 1_000)
LEAD = Rule("lead", "lead", "flat", 500, "EUR")


def names(aggregate: DecisionAggregate) -> list[str]:
    """The stable names of what was decided and not saved yet."""
    return [type(event).TOPIC for event in aggregate.pending_events]  # type: ignore[attr-defined]


def program() -> Program:
    return Program.create("acme", "Acme Ltd", "EUR", by="ann")


def payout(*steps: Callable[[Payout], None]) -> Payout:
    found = Payout.request("po-1", "jane", "acme", "EUR", 500)
    for step in steps:
        step(found)
    return found


def fund(found: Payout) -> None:
    found.fund(500, "journal/0/7")


def send(found: Payout) -> None:
    found.send("wire-1")


def settle(found: Payout) -> None:
    found.settle("wire-1")


def fail(found: Payout) -> None:
    found.fail("account closed")


def refuse(found: Payout) -> None:
    found.refuse("insufficient", "journal/0/7")


def test_terms_are_numbered_and_the_newest_again_adds_nothing() -> None:
    acme = program()
    first = acme.add_terms([SALE], effective_from=100)
    assert first == Terms(version=1, effective_from=100, rules=(SALE,))
    assert acme.add_terms([SALE], effective_from=100) == first
    second = acme.add_terms([SALE, LEAD], effective_from=200, hold_days=0)
    assert second.version == 2
    assert acme.add_terms([SALE], effective_from=100).version == 3, "back to older terms: new ones"
    assert names(acme) == ["program.created", *["program.terms_added"] * 3]


def test_terms_are_stored_with_every_field_so_that_no_default_can_change_them() -> None:
    acme = program()
    acme.add_terms([SALE], effective_from=100)
    stored = acme.pending_events[-1].terms  # type: ignore[attr-defined]
    assert set(stored) == set(Terms.__struct_fields__)
    assert set(stored["rules"][0]) == set(Rule.__struct_fields__)
    assert (stored["hold_days"], stored["protection_days"], stored["bonuses"]) == (30, 90, [])
    assert (stored["rules"][0]["minimum"], stored["rules"][0]["tiers"]) == (0, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rules": []}, "rules"),
        ({"rules": [SALE, SALE]}, "rules[1].name"),
        ({"rules": [Rule("", "sale", "flat", 1)]}, "rules[0].name"),
        ({"rules": [SALE, Rule("x", "sale", "percentage", 10_001)]}, "rules[1].amount"),
        ({"rules": [Rule("x", "sale", "percentage", -1)]}, "rules[0].amount"),
        ({"rules": [Rule("x", "sale", "percentage", 1, "EUR")]}, "rules[0].currency"),
        ({"rules": [Rule("x", "sale", "flat", -1)]}, "rules[0].amount"),
        ({"rules": [Rule("x", "sale", "flat", 1, "EURO")]}, "rules[0].currency"),
        ({"rules": [Rule("x", "click", "flat", 1)]}, "rules[0].event"),  # type: ignore[arg-type]
        ({"rules": [Rule("x", "sale", "tier", 1)]}, "rules[0].type"),  # type: ignore[arg-type]
        ({"engine": "3"}, "engine"),
        ({"attribution": "linear"}, "attribution"),
        ({"window_days": -1}, "window_days"),
        ({"signup_window_days": 1.5}, "signup_window_days"),
        ({"hold_days": -1}, "hold_days"),
        ({"effective_from": -1}, "effective_from"),
        ({"effective_from": True}, "effective_from"),
    ],
)
def test_terms_that_cannot_be_used_are_refused(change: dict[str, object], field: str) -> None:
    acme = program()
    given: dict[str, object] = {"rules": [SALE], "effective_from": 0, **change}
    with pytest.raises(Invalid) as refusal:
        acme.add_terms(**given)  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert names(acme) == ["program.created"]


@pytest.mark.parametrize("extreme", [0, 10_000])
def test_a_percentage_reaches_from_nothing_to_all(extreme: int) -> None:
    rule = Rule("sale", "sale", "percentage", extreme)
    assert program().add_terms([rule], effective_from=0).rules == (rule,)


def test_a_flat_amount_may_be_of_a_programs_own_unit() -> None:
    rule = Rule("gift", "sale", "flat", 3, "acme:credit")
    assert program().add_terms([rule], effective_from=0).rules == (rule,)


def test_pausing_twice_is_pausing_once() -> None:
    acme = program()
    acme.resume()
    acme.pause()
    acme.pause()
    acme.resume()
    assert names(acme) == ["program.created", "program.paused", "program.resumed"]


@pytest.mark.parametrize(
    ("create", "field"),
    [
        (lambda: Program.create("no spaces", "Acme", "EUR"), "program"),
        (lambda: Program.create("acme", " ", "EUR"), "name"),
        (lambda: Program.create("acme", "Acme\n", "EUR"), "name"),
        (lambda: Program.create("acme", "Acme", "eur"), "currency"),
        (lambda: Program.create("acme", "Acme", "XYZ"), "currency"),
        (lambda: Partner.register("", "Jane"), "partner"),
        (lambda: Link.create("a/b", "acme", "jane", "https://a.example"), "link"),
        (lambda: Coupon.create("acme", "10 %", "jane"), "code"),
        (lambda: Payout.request("po", "jane", "acme", "EUR", -1), "amount"),
        (lambda: Payout.request("po", "jane", "acme", "EUR", 2**63), "amount"),
        (lambda: Payout.request("po", "jane", "acme", "money"), "unit"),
        (lambda: Payout.request("po", "jane", "acme", ":credit"), "unit"),
    ],
)
def test_values_that_cannot_be_used_are_refused(
    create: Callable[[], DecisionAggregate], field: str
) -> None:
    with pytest.raises(Invalid, match=r"expected ") as refusal:
        create()
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "destination",
    [
        "javascript:alert(1)",
        "//a.example/x",
        "/x",
        "ftp://a.example",
        "https://",
        "https:///x",
        "https://good.example@evil.example",
        "https://a.example/ b",
        "https://a.example\\@b.example",
        "https://a.example:port/",
        "https://a.example/\r\nSet-Cookie: x",
    ],
)
def test_a_link_leads_to_a_plain_web_address_only(destination: str) -> None:
    with pytest.raises(Invalid, match="destination"):
        Link.create("l1", "acme", "jane", destination)


def test_a_partner_applies_and_is_approved_and_suspended_and_comes_back() -> None:
    jane = Partner.register("jane", "Jane Doe")
    jane.apply("acme")
    jane.apply("acme")
    jane.approve("acme")
    jane.apply("acme")
    jane.approve("acme")
    jane.suspend("acme", "fraud")
    jane.suspend("acme", "fraud")
    with pytest.raises(Conflict, match="suspended in acme already, for 'fraud'"):
        jane.suspend("acme", "idle")
    with pytest.raises(Conflict, match="suspended"):
        jane.apply("acme")
    jane.approve("acme")
    assert jane.programs == {"acme": "approved"}
    assert names(jane) == [
        "partner.registered",
        "partner.applied",
        "partner.approved",
        "partner.suspended",
        "partner.approved",
    ]


def test_who_never_joined_cannot_be_suspended() -> None:
    with pytest.raises(Conflict, match="has not joined"):
        Partner.register("jane", "Jane").suspend("acme")


def test_creating_again_with_other_content_is_refused() -> None:
    program().repeat_creation("Acme Ltd", "EUR")
    payout().repeat_request("jane", "acme", "EUR", 500)
    for repeat in (
        lambda: program().repeat_creation("Acme Ltd", "USD"),
        lambda: Partner.register("jane", "Jane").repeat_registration("John"),
        lambda: Link.create("l", "acme", "jane", "https://a.example").repeat_creation(
            "acme", "jane", "https://b.example"
        ),
        lambda: Coupon.create("acme", "ten", "jane").repeat_creation("joe"),
        lambda: payout().repeat_request("jane", "acme", "EUR", 501),
    ):
        with pytest.raises(AlreadyExists, match="choose another"):
            repeat()


@pytest.mark.parametrize(
    ("steps", "status", "decided"),
    [
        ((fund, send, settle), "settled", ["funded", "sent", "settled"]),
        ((fund, fund, send, fund, send, settle, send, settle), "settled", 3 * [""]),
        ((fund, send, fail), "failed", ["funded", "sent", "failed"]),
        ((fund, fail, fail), "failed", ["funded", "failed"]),
        ((refuse, refuse), "refused", ["refused"]),
    ],
)
def test_the_ways_of_a_payout(
    steps: tuple[Callable[[Payout], None], ...], status: str, decided: list[str]
) -> None:
    found = payout(*steps)
    assert found.status == status
    assert len(found.pending_events) == 1 + len(decided), "a step repeated is one step"
    if any(decided):
        assert names(found)[1:] == [f"payout.{step}" for step in decided]


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ((), send),
        ((), settle),
        ((), fail),
        ((fund,), settle),
        ((fund,), refuse),
        ((refuse,), fund),
        ((refuse,), send),
        ((refuse,), fail),
        ((fund, send, settle), fail),
        ((fund, send, fail), settle),
        ((fund, send, fail), send),
        ((fund, fail), send),
        ((fund,), lambda found: found.fund(499, "journal/0/7")),
        ((fund,), lambda found: found.fund(500, "journal/0/8")),
        ((fund, send), lambda found: found.send("wire-2")),
        ((fund, send, settle), lambda found: found.settle("wire-2")),
        ((fund, fail), lambda found: found.fail("another reason")),
        ((refuse,), lambda found: found.refuse("another reason", "journal/0/7")),
    ],
)
def test_a_payout_has_one_outcome(
    steps: tuple[Callable[[Payout], None], ...], refused: Callable[[Payout], None]
) -> None:
    found = payout(*steps)
    before = (found.status, len(found.pending_events))
    with pytest.raises(Conflict, match=f"payout po-1 is {found.status}; only one that is"):
        refused(found)
    assert (found.status, len(found.pending_events)) == before


@pytest.mark.parametrize(
    "step",
    [
        lambda found: found.fund(0, "journal/0/7"),
        lambda found: found.fund(500, "journal"),
        lambda found: found.refuse("insufficient", ""),
    ],
)
def test_the_journals_answer_names_its_entry(step: Callable[[Payout], None]) -> None:
    with pytest.raises(DecisionError, match=r"amount=|entry="):
        step(payout())
