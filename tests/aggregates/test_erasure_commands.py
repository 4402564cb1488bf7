"""What is personal in decisions: sealed in the log, plain for aggregates, gone once forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregates.application import Decisions, open_decisions
from aggregates.errors import AlreadyExists, Conflict, Invalid, NotFound
from aggregates.vault import Vault, WrongVault
from events.decisions import PartnerPayeeSet
from events.log import read
from events.sealing import ERASED, is_pseudonym, is_sealed
from events.settings import Broker
from tests.aggregates.conftest import NewLog
from tests.aggregates.everything import IBAN

pytestmark = pytest.mark.broker

NAME, HOLDER, PERSON = "Xenia Quill", "Xenia Q. Quill", "Zoltan Accepts"
TITLE, CUSTOMER = "Desks for Marlow", "marlow@quarry.test"
PLAIN = (NAME, HOLDER, PERSON, TITLE, CUSTOMER, IBAN)
TEXT = "Ten percent."
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    opened = Vault(tmp_path / "vault" / "vault.sqlite", b"m" * 32)
    yield opened
    opened.close()


@pytest.fixture
def sealing(new_log: NewLog, vault: Vault) -> Iterator[Decisions]:
    env = new_log()
    application = open_decisions(Broker.parse(env["PLEDGER_BROKER"]), env["DECISIONS_TOPIC"], vault)
    yield application
    application.close()


def decide(decisions: Decisions) -> None:
    decisions.create_program("acme", "Acme", "EUR", by="ann")
    decisions.mark_personal_fields("acme", ["customer", "metadata.email"], by="ann")
    decisions.register_partner("xe", NAME, by="ann")
    decisions.approve("xe", "acme", by="ann")
    decisions.set_payee("xe", "bank", HOLDER, IBAN, by="xe")
    decisions.publish_agreement("acme", "Partners", TEXT, by="ann")
    decisions.accept_agreement("xe", "acme", 1, SHA256, PERSON, 200)
    decisions.submit_registration("r-1", "acme", "xe", CUSTOMER, "deal", TITLE, 900, "EUR")
    decisions.update_registration("r-1", TITLE + " again", 950, "EUR")
    decisions.identify_partner("xe", [CUSTOMER])


def log_of(decisions: Decisions) -> bytes:
    broker = Broker.parse(decisions.env["PLEDGER_BROKER"])
    records = read(broker, decisions.env["DECISIONS_TOPIC"], 0)
    return b"\n".join(record.value or b"" for record in records)


def test_the_log_holds_no_plain_text_and_aggregates_read_it(sealing: Decisions) -> None:
    decide(sealing)
    log = log_of(sealing)
    assert not [text for text in PLAIN if text.encode() in log]
    found = sealing.partner("xe")
    assert found.name == NAME
    assert found.payee == PartnerPayeeSet("xe", "bank", HOLDER, IBAN)
    assert sealing.acceptance("acme", "xe").accepted[0].person == PERSON
    registration = sealing.registration("r-1")
    assert (registration.title, registration.original) == (TITLE + " again", CUSTOMER)
    assert is_pseudonym(registration.customer)


def test_a_command_repeated_with_the_same_content_adds_nothing(sealing: Decisions) -> None:
    decide(sealing)
    count = sealing.refresh()
    sealing.register_partner("xe", NAME)
    sealing.approve("xe", "acme")
    sealing.set_payee("xe", "bank", HOLDER, IBAN)
    sealing.accept_agreement("xe", "acme", 1, SHA256, PERSON, 200)
    sealing.submit_registration("r-1", "acme", "xe", CUSTOMER, "deal", TITLE, 900, "EUR")
    sealing.update_registration("r-1", TITLE + " again", 950, "EUR")
    sealing.identify_partner("xe", [CUSTOMER])
    sealing.mark_personal_fields("acme", ["identity", "metadata.email"])
    assert sealing.refresh() == count
    with pytest.raises(AlreadyExists):
        sealing.register_partner("xe", "Somebody else")


def test_a_forgotten_partner_reads_erased_and_may_give_new_data(
    sealing: Decisions, vault: Vault
) -> None:
    decide(sealing)
    before = log_of(sealing)
    assert sealing.forget("partner:xe", "asked for it", by="ann") == ["partner:xe"]
    found = sealing.partner("xe")
    assert found.name == ERASED
    assert found.payee is not None and found.payee.iban == ERASED
    assert sealing.acceptance("acme", "xe").accepted[0].person == ERASED
    assert log_of(sealing).startswith(before), "nothing of the log changed"
    count = sealing.refresh()
    sealing.forget("partner:xe")
    assert sealing.refresh() == count, "forgetting again adds nothing"

    sealing.set_payee("xe", "bank", HOLDER, IBAN)
    assert sealing.partner("xe").payee == PartnerPayeeSet("xe", "bank", HOLDER, IBAN)
    assert sealing.partner("xe").name == ERASED, "what was erased stays so"
    sealing.forget("partner:xe")
    assert sealing.refresh() == count + 2
    assert len(vault.destroyed("partner:xe")) == 2


def test_with_a_customer_go_its_registrations(sealing: Decisions, vault: Vault) -> None:
    decide(sealing)
    stands = sealing.registration("r-1").customer
    done = sealing.forget(f"customer:acme/{CUSTOMER}")
    assert done == [f"customer:acme/{stands}", "registration:r-1"]
    found = sealing.registration("r-1")
    assert (found.title, found.original, found.customer) == (ERASED, ERASED, stands)
    assert vault.seal(f"customer:acme/{stands}", "anything") == ERASED, "nothing is taken again"
    assert sealing.forget(f"customer:acme/{stands}") == done, "the pseudonym names it too"
    assert CUSTOMER.encode() not in log_of(sealing)


def test_killed_between_the_key_and_the_record_the_command_repeated_finishes(
    sealing: Decisions, vault: Vault
) -> None:
    decide(sealing)
    vault.forget("partner:xe")  # and the process was gone
    count = sealing.refresh()
    sealing.forget("partner:xe")
    assert sealing.refresh() == count + 1
    sealing.forget("partner:xe")
    assert sealing.refresh() == count + 1


def test_what_a_partner_is_known_as_follows_the_marks_of_its_programs(
    sealing: Decisions, vault: Vault
) -> None:
    sealing.create_program("plain", "Plain", "EUR")
    sealing.register_partner("xe", "xe")
    sealing.approve("xe", "plain")
    sealing.identify_partner("xe", [CUSTOMER])
    assert sealing.partner("xe").identities == [CUSTOMER]

    sealing.create_program("acme", "Acme", "EUR")
    sealing.mark_personal_fields("acme", ["customer"])
    assert sealing.partner("xe").identities == [CUSTOMER], "acme's customers are not its"
    sealing.approve("xe", "acme")
    kept = sealing.partner("xe").identities
    assert {vault.pseudonym("acme", text) for text in (CUSTOMER, "xe")} < set(kept)
    assert CUSTOMER in kept, "the other program compares the plain id"

    sealing.mark_personal_fields("plain", ["customer"])
    kept = sealing.partner("xe").identities
    assert CUSTOMER not in kept
    assert {vault.pseudonym("plain", text) for text in (CUSTOMER, "xe")} < set(kept)
    assert [vault.reveal(text) for text in kept if is_sealed(text)] == [CUSTOMER]

    sealing.forget("partner:xe")
    sealing.create_program("late", "Late", "EUR")
    sealing.mark_personal_fields("late", ["customer"])
    sealing.approve("xe", "late")
    assert sealing.partner("xe").identities == kept, "what was erased is not made up anew"


def test_refusals(sealing: Decisions, decisions: Decisions) -> None:
    sealing.create_program("acme", "Acme", "EUR")
    for subject in ("jane", "partner:", "customer:acme", "person:jane", "customer:/x"):
        with pytest.raises(Invalid):
            sealing.forget(subject)
    for missing in ("partner:jane", "customer:globex/x", "program:globex"):
        with pytest.raises(NotFound):
            sealing.forget(missing)
    with pytest.raises(Invalid):
        sealing.mark_personal_fields("acme", ["email"])
    decisions.create_program("acme", "Acme", "EUR")
    with pytest.raises(Conflict, match="vault"):
        decisions.mark_personal_fields("acme", ["customer"])


def test_without_a_vault_sealed_text_stays_sealed(sealing: Decisions) -> None:
    decide(sealing)
    blind = open_decisions(
        Broker.parse(sealing.env["PLEDGER_BROKER"]), sealing.env["DECISIONS_TOPIC"]
    )
    try:
        assert is_sealed(blind.partner("xe").name)
        with pytest.raises(Conflict, match="vault"):
            blind.submit_registration("r-2", "acme", "xe", "c", "deal")
    finally:
        blind.close()


def test_another_vault_seals_nothing_of_a_ledger_that_has_its_own(
    sealing: Decisions, tmp_path: Path
) -> None:
    """As from a machine that knows the broker, and not the ledger's home."""
    decide(sealing)
    other = Vault(tmp_path / "other" / "vault.sqlite", b"m" * 32)
    stranger = open_decisions(
        Broker.parse(sealing.env["PLEDGER_BROKER"]), sealing.env["DECISIONS_TOPIC"], other
    )
    try:
        count = stranger.refresh()
        for command in (
            lambda: stranger.register_partner("yan", "Yan Nobody"),
            lambda: stranger.set_payee("xe", "bank", HOLDER, IBAN),
            lambda: stranger.submit_registration("r-2", "acme", "xe", CUSTOMER, "deal"),
            lambda: stranger.mark_personal_fields("acme", ["customer"]),
        ):
            with pytest.raises(WrongVault):
                command()
        assert stranger.refresh() == count
        stranger.suspend("xe", "acme", "a review")
        stranger.register_partner("yan", "yan")
        assert stranger.refresh() == count + 2, "what is not personal may be decided anywhere"
    finally:
        stranger.close()
        other.close()
