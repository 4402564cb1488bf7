"""What stands in plain is found wherever it stands, and what is sealed is not."""

from __future__ import annotations

from aggregates.subject import named
from audit.plain_text import plain_positions, texts_of
from events import decisions as fact
from events.codec import decode
from events.conversions import Deal
from events.position import Record
from events.sealing import ERASED, SubjectKey
from events.topics import CONVERSIONS, DEAD_LETTERS, DECISIONS
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
    odd = Record("instructions", 0, 7, NOON, b"jane", b'{"who":"Jane Doe"}')
    key, value = dead_letter("posting", odd, "it is odd")
    ledger.log.append(DEAD_LETTERS, key, value, NOON)
    [deal] = [
        record.position
        for partition in range(ledger.log.partitions(CONVERSIONS))
        for record in ledger.log.read(CONVERSIONS, partition)
        if b'"E-1"' in (record.value or b"")
    ]
    found = places(ledger, {NAME})
    assert found == [str(deal), f"{DEAD_LETTERS}/0/0"]
    assert places(ledger, set()) == []


def test_a_dead_letter_about_a_conversion_copies_nothing_of_it() -> None:
    odd = Record(CONVERSIONS, 1, 7, NOON, b"acme/jane@a.example", b'{"customer":"jane@a.example"')
    key, value = dead_letter("attribution", odd, "it is odd")
    assert key == "conversions/1/7"
    letter = decode(DEAD_LETTERS, value)
    assert (letter.source, letter.error, letter.key, letter.value) == (key, "it is odd", "", "")


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
