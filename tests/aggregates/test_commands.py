"""Every command by which programs are run, on a real log: run twice, it decides once; and the
rules between aggregates, which no aggregate can know by itself."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import partial

import pytest

from aggregates.application import Decisions
from aggregates.errors import Conflict, NotFound
from events.decisions import FACTS, RunPayout, Winner
from events.first_wins import DecisionLog
from events.log import read
from events.settings import Broker
from events.terms import Contest, Prize, Rule
from tests.aggregates.everything import IBAN, SHA256, TEXT

pytestmark = pytest.mark.broker

SALE = Rule("sale", "sale", "percentage", 1_000)
SPRING = Contest("spring", 0, 1_000, (Prize(500),))
WON = [Winner(1, "jane", 90, 500, "EUR")]
NOT_NEW = {
    "program.paused", "program.resumed", "partner.applied", "partner.suspended", "link.created",
    "link.disabled", "coupon.created", "coupon.retired", "payout.failed",
    "payout.refused", "payout.requested",
    "program.personal_fields_marked", "subject.forgotten",
    "api_key.issued", "api_key.revoked",
    "signing_key.added", "signing_key.retired", "checkpoint.signed",
}  # fmt: skip
"""Decided by the commands of other tests: `test_application`, `test_erasure_commands`, and those
of API keys, signing keys and checkpoints."""


def people(decisions: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR", by="ann")
    for partner in ("jane", "bob"):
        decisions.register_partner(partner, partner.title(), by="ann")
        decisions.approve(partner, "acme", by="ann")
    decisions.add_terms(
        "acme",
        [SALE],
        effective_from=0,
        engine="2",
        contests=(SPRING,),
        payout_approval="two_persons",
        by="ann",
    )
    decisions.set_payer("acme", "Acme Ltd", IBAN, by="ann")
    decisions.recruit("jane", "acme", "bob", by="ann")
    decisions.set_partner_currency("jane", "USD", by="jane")
    decisions.identify_partner("jane", ["carol"], by="ann")
    decisions.set_payee("jane", "bank", "Jane Doe", IBAN, by="jane")
    assert decisions.publish_agreement("acme", "Partners", TEXT, 1, by="ann") == 1
    decisions.accept_agreement("jane", "acme", 1, SHA256, "Jane Doe", 200, by="jane")


def claims(decisions: Decisions) -> None:
    for claim in ("won", "lost", "rejected"):
        decisions.submit_registration(claim, "acme", "jane", f"customer {claim}", "deal")
    decisions.update_registration("won", "Shop", 900, "EUR")
    decisions.approve_registration("won", by="ann")
    decisions.win_registration("won", "D-1", 1_000, "EUR", 300)
    decisions.approve_registration("lost")
    decisions.lose_registration("lost", "no budget")
    decisions.reject_registration("rejected", "a customer already")


def money(decisions: Decisions) -> None:
    decisions.set_rates("ECB", "2026-11-20", "EUR", {"USD": "1.0850"}, by="ann")
    decisions.hold_commission("acme", "jane", "D-1", reason="strange")
    decisions.adjust_commission("acme", "jane", -5, "D-1", reason="one item less")
    decisions.release_commission("acme", "jane", event_id="E-1", reason="fine")
    decisions.reject_commission("acme", "bob", "D-1", via="jane", reason="fraud")
    decisions.adjust_account("a1", "acme", "jane", "acme:credit", -3, "a mistake")
    decisions.receive_payment("x1", "acme", "jane", "EUR", 700, "wire 7")
    decisions.close_contest("acme", "spring", 1, {"0": 9}, WON, by="ann")
    decisions.start_run("run-1", "acme", "EUR", [RunPayout("po-1", "jane")], by="ann")
    for payout, run in (("po-1", "run-1"), ("po-2", "")):
        decisions.request_payout(payout, "jane", "acme", "EUR", 500, by="ann", run=run)
    decisions.approve_payout("po-1", by="ben")
    decisions.cancel_payout("po-2", "too early", by="ben")
    decisions.fund_payout("po-1", 500, "journal/0/7")
    decisions.send_payout("po-1", "wire 8")
    decisions.settle_payout("po-1", "wire 8")
    decisions.return_payout("po-1", "account closed")
    decisions.issue_invoice(
        "i1", 1, "acme", "2026-11", {"0": 0}, {"0": 9}, {"EUR": 700}, 3, SHA256, by="ann"
    )


def test_all_commands_run_twice_decide_once_and_write_facts(
    decisions: Decisions, rival: Decisions
) -> None:
    for decide in (people, claims, money):
        decide(decisions)
    decided = decisions.refresh()
    for decide in (people, claims, money):
        decide(decisions)
    assert decisions.refresh() == decided

    log = DecisionLog()
    broker = Broker.parse(decisions.env["PLEDGER_BROKER"])
    found = [
        decision
        for record in read(broker, decisions.env["DECISIONS_TOPIC"], 0)
        for decision in log.accept(record)
    ]
    assert all(isinstance(one.fact(), FACTS[one.name]) for one in found)
    assert {one.name for one in found} == set(FACTS) - NOT_NEW

    for application in (decisions, rival):
        assert application.partner("jane").parents == {"acme": "bob"}
        assert application.acceptance("acme", "jane").accepted[-1].person == "Jane Doe"
        assert application.acceptance("acme", "bob").accepted == []
        assert application.registration("won").status == "won"
        assert application.commission("acme", "jane", "D-1").status == "held"
        assert application.commission("acme", "jane", event_id="E-1").status == "released"
        assert application.commission("acme", "jane", "D-9").status == "booked"
        assert application.adjustment("acme", "a1").amount == -3
        assert application.receipt("acme", "x1").amount == 700
        assert application.contest("acme", "spring").winners == tuple(WON)
        assert application.rates("ECB", "2026-11-20").rates == {"USD": "1.0850"}
        assert application.rates("ECB", "2026-11-21").rates == {}
        assert application.payout("po-1").status == "returned"
        assert len(application.invoices("acme").issued) == 1


def test_nobody_stands_above_itself_however_long_the_chain(decisions: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR")
    decisions.create_program("other", "Other", "EUR")
    for partner in ("a", "b", "c"):
        decisions.register_partner(partner, partner)
    decisions.recruit("a", "acme", "b")
    decisions.recruit("b", "acme", "c")
    with pytest.raises(Conflict, match="partner a stands below c in acme: c ← a ← b ← c"):
        decisions.recruit("c", "acme", "a")
    decisions.recruit("c", "other", "a")
    decisions.recruit("b", "acme", "")
    decisions.recruit("c", "acme", "a")


def test_what_a_decision_speaks_of_must_be_there(decisions: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR")
    decisions.register_partner("jane", "Jane")
    decisions.add_terms("acme", [SALE], effective_from=0, engine="2", contests=(SPRING,))
    before = decisions.refresh()
    for command, missing in (
        (lambda: decisions.recruit("jane", "acme", "bob"), "no partner bob"),
        (lambda: decisions.set_partner_currency("bob", "USD"), "no partner bob"),
        (lambda: decisions.set_payer("other", "Acme", IBAN), "no program other"),
        (lambda: decisions.publish_agreement("other", "T", TEXT), "no program other"),
        (lambda: decisions.publish_agreement("acme", "T", TEXT, 2), "no version 2 of the terms"),
        (
            lambda: decisions.accept_agreement("jane", "acme", 1, SHA256, "Jane", 1),
            "no version 1 of the agreement of acme; publish one first",
        ),
        (lambda: decisions.approve_registration("r1"), "no registration r1; submit it first"),
        (
            lambda: decisions.submit_registration("r1", "acme", "bob", "carol", "lead"),
            "no partner bob",
        ),
        (
            lambda: decisions.hold_commission("acme", "jane", "D", via="bob", reason="x"),
            "no partner bob",
        ),
        (lambda: decisions.adjust_account("a", "acme", "bob", "EUR", 1, "x"), "no partner bob"),
        (lambda: decisions.receive_payment("x", "other", "jane", "EUR", 1), "no program other"),
        (lambda: decisions.close_contest("acme", "autumn", 1, {"0": 1}, WON), "it has 'spring'"),
        (lambda: decisions.close_contest("acme", "spring", 2, {"0": 1}, WON), "no version 2"),
        (lambda: decisions.contest("acme", "spring"), "close it first"),
        (
            lambda: decisions.start_run("run", "acme", "EUR", [RunPayout("po", "bob")]),
            "no partner bob",
        ),
    ):
        with pytest.raises(NotFound, match=missing):
            command()
    assert decisions.refresh() == before, "a refused decision writes nothing"


def test_no_account_is_opened_in_a_program_the_partner_never_joined(decisions: Decisions) -> None:
    """A mistyped program would book money that nobody looks for."""
    decisions.create_program("acme", "Acme", "EUR")
    decisions.create_program("beta", "Beta", "EUR")
    decisions.register_partner("jane", "Jane")
    decisions.apply("jane", "acme")
    before = decisions.refresh()
    for command in (
        lambda: decisions.adjust_account("a", "beta", "jane", "EUR", 1, "x"),
        lambda: decisions.receive_payment("x", "beta", "jane", "EUR", 1),
    ):
        with pytest.raises(Conflict, match=r"jane has not joined beta.*it is in acme"):
            command()
    assert decisions.refresh() == before, "a refused decision writes nothing"
    # Whatever came of its application: a suspended partner may still owe.
    decisions.approve("jane", "acme")
    decisions.suspend("jane", "acme", "left")
    decisions.receive_payment("x", "acme", "jane", "EUR", 1)


def test_the_longest_agreement_fits_the_log(decisions: Decisions) -> None:
    """Each byte of a control character takes six in JSON."""
    decisions.create_program("acme", "Acme", "EUR")
    text = "x" + "\x01" * 149_999
    decisions.publish_agreement("acme", "Partners", text)
    shown = decisions.agreement("acme").shown("acme", 1)
    assert shown.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_rivals_publish_and_accept_at_once_and_nothing_is_lost(
    decisions: Decisions, rival: Decisions
) -> None:
    """A series has no creation to meet in: both first decisions want version 1."""
    decisions.create_program("acme", "Acme", "EUR")
    partners = [f"p{number}" for number in range(12)]
    for partner in partners:
        decisions.register_partner(partner, partner)
    versions: list[int] = []

    def publish(application: Decisions, text: str) -> None:
        versions.append(application.publish_agreement("acme", "Partners", text))

    def accept(application: Decisions, partner: str) -> None:
        shown = application.agreement("acme").shown("acme", 1)
        application.accept_agreement(partner, "acme", 1, shown.sha256, "Jane", 5)

    for work, about in ((publish, ["one", "two", "three", "four"]), (accept, partners)):
        threads = [
            threading.Thread(target=work, args=((decisions, rival)[number % 2], one))
            for number, one in enumerate(about)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(versions) == [1, 2, 3, 4]
    assert len({one.text for one in rival.agreement("acme").versions}) == 4
    assert all(rival.acceptance("acme", partner).accepted for partner in partners)


def test_one_of_two_outcomes_of_a_registration_stands(
    decisions: Decisions, rival: Decisions
) -> None:
    decisions.create_program("acme", "Acme", "EUR")
    decisions.register_partner("jane", "Jane")
    for number in range(5):
        name = f"r{number}"
        decisions.submit_registration(name, "acme", "jane", "carol", "lead")
        refused: list[str] = []

        def outcome(decide: Callable[[], None], refused: list[str] = refused) -> None:
            try:
                decide()
            except Conflict as problem:
                refused.append(str(problem))

        threads = [
            threading.Thread(target=outcome, args=(decide,))
            for decide in (
                partial(decisions.approve_registration, name),
                partial(rival.reject_registration, name, "a customer already"),
            )
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1
        assert rival.registration(name).status in {"approved", "rejected"}
