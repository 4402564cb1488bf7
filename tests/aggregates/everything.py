"""Aggregates that between them have decided everything there is to decide."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from eventsourcing.domain import BaseAggregate

from aggregates.acceptance import Acceptance
from aggregates.adjustment import Adjustment
from aggregates.agreement import Agreement
from aggregates.api_key import ApiKey
from aggregates.checkpoints import Checkpoints
from aggregates.commission import Commission, Reviewed
from aggregates.contest_result import ContestResult
from aggregates.coupon import Coupon
from aggregates.invoice import Invoices, Issued
from aggregates.link import Link
from aggregates.partner import Partner
from aggregates.payout import Payout
from aggregates.payout_run import PayoutRun
from aggregates.personal_fields import PersonalFields
from aggregates.program import Program
from aggregates.rates import Rates
from aggregates.receipt import Receipt
from aggregates.registration import Registration
from aggregates.signing_keys import AddedKey, SigningKeys
from aggregates.subject import Subject
from events.decisions import CheckpointSigned, PartnerPayeeSet, RunPayout, Tree, Winner
from events.terms import Rule

Aggregate = BaseAggregate[str]

AGGREGATES: tuple[type[Aggregate], ...] = (
    Program,
    Partner,
    Agreement,
    Acceptance,
    Link,
    Coupon,
    Registration,
    Commission,
    Adjustment,
    Receipt,
    ContestResult,
    Rates,
    Payout,
    PayoutRun,
    Invoices,
    ApiKey,
    SigningKeys,
    Checkpoints,
    PersonalFields,
    Subject,
)

IBAN = "DE89370400440532013000"
"""The example of the German entry of the IBAN registry."""
TEXT = "Ten percent of every sale."
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
DEAL = Reviewed("acme", "jane", deal="D-1")


def decided() -> list[Aggregate]:
    """Of every aggregate as many as it takes."""
    return [one for decide in DECIDE for one in decide()]


def program() -> list[Aggregate]:
    acme = Program.create("acme", "Acme", "EUR", by="ann")
    acme.add_terms([Rule("sale", "sale", "percentage", 1_000)], effective_from=100, by="ann")
    acme.set_payer("Acme Ltd", IBAN, "COBADEFFXXX", by="ann")
    acme.pause("ann")
    acme.resume("ann")
    return [acme]


def partner() -> list[Aggregate]:
    jane = Partner.register("jane", "Jane", by="ann")
    jane.apply("acme", "jane")
    jane.approve("acme", "ann")
    jane.suspend("acme", "fraud", "ann")
    jane.recruit("acme", "bob", "ann")
    jane.set_currency("USD", "jane")
    jane.identify(["carol", "sha256:77"], "ann")
    wanted = PartnerPayeeSet("jane", "bank", "Jane Doe", IBAN, "COBADEFFXXX", "j@jane.test", "DE")
    jane.set_payee(wanted, "jane")
    return [jane]


def agreement() -> list[Aggregate]:
    published = Agreement.empty(Agreement.create_id("acme"))
    published.publish("acme", "Partners", TEXT, terms=1, by="ann")
    accepted = Acceptance.empty(Acceptance.create_id("acme", "jane"))
    shown = published.shown("acme", 1)
    accepted.accept("acme", "jane", shown, SHA256, "Jane Doe", 200, "jane")
    return [published, accepted]


def links() -> list[Aggregate]:
    link = Link.create("l1", "acme", "jane", "https://a.example/", by="ann")
    link.disable("ann")
    coupon = Coupon.create("acme", "save10", "jane", by="ann")
    coupon.retire("ann")
    return [link, coupon]


def registrations() -> list[Aggregate]:
    won, lost, rejected = (
        Registration.submit(f"r{n}", "acme", "jane", f"c{n}", "deal", "Shop", 900, "EUR", "jane")
        for n in range(3)
    )
    won.approve("ann")
    won.update(amount=950, by="jane")
    won.win("D-1", 1_000, "EUR", 300, "ann")
    lost.approve("ann")
    lost.lose("no budget", "jane")
    rejected.reject("a customer already", "ann")
    return [won, lost, rejected]


def reviews() -> list[Aggregate]:
    commission = Commission.empty(Commission.create_id(DEAL))
    commission.hold(DEAL, "a strange order", "ann")
    commission.release(DEAL, "the order is fine", "ann")
    commission.adjust(DEAL, -5, "one item less", "ann")
    commission.reject(DEAL, "fraud", "ann")
    return [commission]


def accounts() -> list[Aggregate]:
    winners = [Winner(1, "jane", 90, 500, "EUR"), Winner(2, "bob", 80, 5, "acme:credit")]
    return [
        Adjustment.adjust("a1", "acme", "jane", "EUR", -500, "paid twice", "ann"),
        Receipt.receive("x1", "acme", "jane", "EUR", 700, "wire 7", "ann"),
        ContestResult.close("acme", "spring", 1, {"0": 42, "1": 7}, winners, "ann"),
    ]


def rates() -> list[Aggregate]:
    ecb = Rates.empty(Rates.create_id("ECB", "2026-11-20"))
    ecb.publish("ECB", "2026-11-20", "EUR", {"USD": "1.0850", "JPY": "163.21"}, "ann")
    return [ecb]


def payouts() -> list[Aggregate]:
    paid, failed, refused = (
        Payout.request(f"po-{n}", "jane", "acme", "EUR", 500, by="jane", run="run-1")
        for n in range(3)
    )
    paid.fund(500, "journal/0/1")
    paid.send("wire", "ann")
    paid.settle("wire", "ann")
    paid.return_("account closed", "ann")
    failed.fund(500, "journal/0/2")
    failed.fail("closed", "ann")
    refused.refuse("insufficient", "journal/0/3")
    approved, canceled = (
        Payout.propose(f"po-{n}", "jane", "acme", "EUR", 500, by="jane", run="run-1")
        for n in range(3, 5)
    )
    approved.approve("ann")
    canceled.cancel("too early", "ann")
    run = PayoutRun.start("run-1", "acme", "EUR", [RunPayout("po-0", "jane")], "ann")
    return [paid, failed, refused, approved, canceled, run]


def invoices() -> list[Aggregate]:
    acme = Invoices.empty(Invoices.create_id("acme"))
    issued = Issued("i1", 1, "2026-11", {"0": 0}, {"0": 9}, {"EUR": 700}, 3, SHA256)
    acme.issue("acme", issued, "ann")
    return [acme]


def api_keys() -> list[Aggregate]:
    key = ApiKey.issue("k1", "Ann", SHA256, "root")
    key.revoke("lost", "root")
    return [key]


def erasure() -> list[Aggregate]:
    marks = PersonalFields.empty(PersonalFields.create_id("acme"))
    marks.mark("acme", ["customer", "metadata.email"], "ann", "066a75f0732848cd")
    jane = Subject.empty(Subject.create_id("partner:jane"))
    jane.forget("partner:jane", 1, "asked for it", "ann")
    return [marks, jane]


def proof() -> list[Aggregate]:
    keys = SigningKeys.empty(SigningKeys.create_id())
    public, signature = (base64.b64encode(bytes(size)).decode() for size in (32, 64))
    keys.add(AddedKey("0a1b2c3d", public, "", ""), "ann")
    keys.add(AddedKey("4e5f6a7b", public, "0a1b2c3d", signature), "ann")
    signed = Checkpoints.empty(Checkpoints.create_id())
    trees = {"journal/0": Tree(3, public), "decisions/0": Tree(1, public)}
    signed.sign(CheckpointSigned(1, "a-cluster", trees, "", "4e5f6a7b", "a note", "ann"))
    return [keys, signed]


DECIDE: tuple[Callable[[], list[Aggregate]], ...] = (
    program,
    partner,
    agreement,
    links,
    registrations,
    reviews,
    accounts,
    rates,
    payouts,
    invoices,
    api_keys,
    erasure,
    proof,
)
