"""What may be decided of people: ties of partners, where they are paid, what they accept."""

from __future__ import annotations

import hashlib

import pytest

from aggregates.acceptance import Acceptance
from aggregates.agreement import LONGEST_TEXT, Agreement
from aggregates.errors import Conflict, Invalid, NotFound
from aggregates.partner import Partner, checked_identities
from aggregates.program import Program
from events.decisions import PartnerPayeeSet
from tests.aggregates.everything import IBAN, SHA256, TEXT, Aggregate


def names(aggregate: Aggregate) -> list[str]:
    """The stable names of what was decided and not saved yet."""
    return [type(event).TOPIC for event in aggregate.pending_events]  # type: ignore[attr-defined]


def jane() -> Partner:
    return Partner.register("jane", "Jane Doe")


def test_a_tie_said_twice_is_one_and_the_newest_stands() -> None:
    found = jane()
    for parent in ("bob", "bob", "eve", "", ""):
        found.recruit("acme", parent)
    found.recruit("other", "bob")
    assert found.parents == {"acme": "", "other": "bob"}
    for currency in ("USD", "USD", "EUR"):
        found.set_currency(currency)
    for identities in (["b", "a", "b"], ["a", "b"], ["a"], []):
        found.identify(identities)
    assert (found.currency, found.identities) == ("EUR", [])
    assert names(found)[1:] == [
        *["partner.recruited"] * 4,
        *["partner.currency_set"] * 2,
        *["partner.identified"] * 3,
    ]


def test_nobody_recruits_itself() -> None:
    with pytest.raises(Conflict, match="cannot be its own sub-partner"):
        jane().recruit("acme", "jane")


def test_a_payee_is_stored_compact_and_the_same_again_adds_nothing() -> None:
    found = jane()
    for iban, bic in (("de89 3704 0044 0532 0130 00", "cobadeff"), (IBAN, "COBADEFF")):
        found.set_payee(PartnerPayeeSet("jane", "bank", "Jane", iban, bic))
    assert found.payee == PartnerPayeeSet("jane", "bank", "Jane", IBAN, "COBADEFF")
    found.set_payee(PartnerPayeeSet("jane", "paypal", "Jane", email="j@jane.test"))
    assert names(found)[1:] == ["partner.payee_set"] * 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("cash", "Jane"), "method"),
        (("bank", "Jane"), "iban"),
        (("bank", "Jane", "DE89370400440532013001"), "iban"),  # check digits
        (("bank", "Jane", "DE893704004405320130"), "iban"),  # too short for Germany
        (("bank", "Jane", "XX89370400440532013000"), "iban"),
        (("bank", "Jane", IBAN, "COBADEF"), "bic"),
        (("bank", "Jane", IBAN, "COBAXXFF"), "bic"),
        (("bank", "", IBAN), "name"),
        (("bank", "J" * 71, IBAN), "name"),
        (("bank", "Jane", IBAN, "", "jane"), "email"),
        (("bank", "Jane", IBAN, "", "", "Germany"), "country"),
        (("bank", "Jane", IBAN, "", "", "de"), "country"),
        (("paypal", "Jane"), "email"),
        (("paypal", "Jane", IBAN, "", "j@jane.test"), "iban"),
        (("paypal", "Jane", "", "", "j@jane"), "email"),
        (("paypal", "Jane", "", "", "j @jane.test"), "email"),
        (("paypal", "Jane", "", "", "j@x@jane.test\n"), "email"),
        (("wise", "Jane"), "iban"),
        (("wise", "Jane", "", "COBADEFF", "j@jane.test"), "iban"),
    ],
)
def test_money_is_sent_only_where_it_can_arrive(given: tuple[str, ...], field: str) -> None:
    found = jane()
    with pytest.raises(Invalid, match="expected ") as refusal:
        found.set_payee(PartnerPayeeSet("jane", *given))  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert names(found) == ["partner.registered"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("Acme", "DE89370400440532013001"), "iban"),
        (("Acme", IBAN, "X"), "bic"),
        ((" ", IBAN), "name"),
    ],
)
def test_a_program_pays_from_an_account_that_can_be(given: tuple[str, ...], field: str) -> None:
    acme = Program.create("acme", "Acme", "EUR")
    with pytest.raises(Invalid) as refusal:
        acme.set_payer(*given)
    assert refusal.value.field == field
    acme.set_payer("Acme", IBAN)
    acme.set_payer("Acme", IBAN.lower())
    assert names(acme) == ["program.created", "program.payer_set"]


@pytest.mark.parametrize("identity", ["", "a\nb", "x" * 201])
def test_an_identity_is_one_line(identity: str) -> None:
    with pytest.raises(Invalid, match="identities="):
        checked_identities([identity])


def agreement(*texts: str) -> Agreement:
    found = Agreement.empty("agreement:acme")
    for text in texts:
        found.publish("acme", "Partners", text)
    return found


def test_agreements_are_numbered_and_the_newest_again_is_no_new_one() -> None:
    found = agreement("one", "one", "two", "one")
    assert [(one.version, one.text) for one in found.versions] == [
        (1, "one"),
        (2, "two"),
        (3, "one"),
    ]
    assert found.publish("acme", "Partners", "one") == 3
    assert found.publish("acme", "Partners", "one", terms=1) == 4
    assert found.publish("acme", "All partners", "one", terms=1) == 5
    assert found.shown("acme", 2).sha256 == hashlib.sha256(b"two").hexdigest()


@pytest.mark.parametrize("text", ["", " \n", "é" * (LONGEST_TEXT // 2 + 1), "\ud800"])
def test_a_text_that_cannot_be_shown_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="text="):
        agreement(text)


@pytest.mark.parametrize("version", [0, 2, -1])
def test_only_what_was_published_can_be_accepted(version: int) -> None:
    with pytest.raises(NotFound, match="newest is 1"):
        agreement("one").shown("acme", version)
    with pytest.raises(NotFound, match="publish one first"):
        agreement().shown("acme", 1)


def accept(found: Acceptance, version: int, person: str = "Jane Doe", at: int = 5) -> None:
    shown = agreement(TEXT, "two", "three").shown("acme", version)
    found.accept("acme", "jane", shown, shown.sha256, person, at)


def test_the_first_acceptance_of_a_version_stands() -> None:
    found = Acceptance.empty("acceptance:acme/jane")
    accept(found, 1)
    accept(found, 1, at=9)
    accept(found, 3)
    accept(found, 1)
    for version, person in ((3, "John"), (2, "Jane Doe"), (1, "John")):
        with pytest.raises(Conflict, match="only a newer version can be accepted"):
            accept(found, version, person)
    assert [(one.version, one.accepted_at) for one in found.accepted] == [(1, 5), (3, 5)]


def test_what_was_shown_must_be_what_was_published() -> None:
    found = Acceptance.empty("acceptance:acme/jane")
    shown = agreement(TEXT).shown("acme", 1)
    with pytest.raises(Invalid, match=f"sha256='0{{64}}': expected {SHA256}, of version 1"):
        found.accept("acme", "jane", shown, "0" * 64, "Jane Doe", 5)
    for person, at, field in ((" ", 5, "person"), ("Jane", -1, "accepted_at")):
        with pytest.raises(Invalid, match=f"{field}="):
            found.accept("acme", "jane", shown, SHA256, person, at)
    assert not found.pending_events
