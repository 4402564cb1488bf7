"""What stands in plain is found wherever it stands, and what is sealed is not."""

from __future__ import annotations

from aggregates.subject import named
from audit.plain_text import plain_positions, texts_of
from events import decisions as fact
from events.conversions import Deal
from events.sealing import ERASED, SubjectKey
from events.topics import DEAD_LETTERS, DECISIONS
from streams.dead_letters import dead_letter
from tests.audit.memory import NOON, MemoryLedger

KEY = SubjectKey("0123456789abcdef", "partner:jane", b"k" * 32)
NAME, HOLDER, MAIL = "Jane Doe", 'Jane "J" Doe', "jane@a.example"


def reveal(text: str) -> str:
    return KEY.open(text) if text.startswith("sealed:") else text


def told() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.decide("program:acme", "program.created", fact.ProgramCreated("acme", "Acme", "EUR"))
    for partner, name in (("jane", KEY.seal(NAME)), ("bob", "Bob")):
        registered = fact.PartnerRegistered(partner, name)
        ledger.decide(f"partner:{partner}", "partner.registered", registered)
    payee = fact.PartnerPayeeSet("jane", "paypal", HOLDER, email=KEY.seal(MAIL))
    ledger.decide("partner:jane", "partner.payee_set", payee)
    return ledger


def texts(ledger: MemoryLedger, subject: str, given: str = "") -> set[str]:
    return texts_of(ledger.log, named(subject), given, reveal, lambda _: None)


def places(ledger: MemoryLedger, wanted: set[str]) -> list[str]:
    return [str(one) for one in plain_positions(ledger.log, wanted, lambda _: None)]


def test_a_partners_texts_are_those_of_its_own_decisions() -> None:
    ledger = told()
    assert texts(ledger, "partner:jane") == {NAME, HOLDER, MAIL}
    assert texts(ledger, "partner:bob") == {"Bob"}
    assert texts(ledger, "partner:nobody") == set()


def test_whole_strings_are_found_in_every_topic_also_within_dead_letters() -> None:
    ledger = told()
    assert places(ledger, texts(ledger, "partner:jane")) == [f"{DECISIONS}/0/3"], "the holder"
    ledger.convert(Deal("acme", "c", "E-1", "D-1", 5, "EUR", NOON, 0, metadata={"who": NAME}))
    ledger.convert(Deal("acme", "c", "E-2", "D-2", 5, "EUR", NOON, 0, metadata={"who": NAME + "x"}))
    record = next(iter(ledger.log.read("conversions", 0, 0, None)), None) or next(
        record for p in range(4) for record in ledger.log.read("conversions", p)
    )
    key, value = dead_letter("attribution", record, "it is odd")
    ledger.log.append(DEAD_LETTERS, key, value, NOON)
    found = places(ledger, {NAME})
    assert found == [str(record.position), f"{DEAD_LETTERS}/0/0"]
    assert places(ledger, set()) == []


def test_a_customers_texts_are_those_under_its_key() -> None:
    ledger = told()
    customer = "pseudonym:1:" + "a" * 22
    metadata = {"customer": KEY.seal(MAIL), "gone": ERASED, "shop": "north"}
    ledger.convert(Deal("acme", customer, "E-1", "D-1", 5, "EUR", NOON, 0, metadata=metadata))
    subject = f"customer:acme/{customer}"
    assert texts(ledger, subject, MAIL) == {MAIL}
    assert texts(ledger, subject, customer) == {MAIL}, "named by its pseudonym"
    submitted = fact.RegistrationSubmitted(
        "r-1", "acme", "jane", customer, "deal", KEY.seal("Lamps"), original=KEY.seal(MAIL)
    )
    ledger.decide("registration:r-1", "registration.submitted", submitted)
    updated = fact.RegistrationUpdated("r-1", "More lamps")
    ledger.decide("registration:r-1", "registration.updated", updated)
    assert texts(ledger, subject, MAIL) == {MAIL, "Lamps", "More lamps"}
    assert texts(ledger, "registration:r-1") == {MAIL, "Lamps", "More lamps"}
    assert len(places(ledger, {"More lamps"})) == 1
