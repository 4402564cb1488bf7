"""What one person did alone that takes two, and what was accepted that was never shown."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from events import decisions as facts
from events import topics
from tests.audit.memory import MemoryLedger
from tests.audit.scene import edit, found, replayed, sold

SHA = sha256(b"text").hexdigest()


def said(*happened: msgspec.Struct) -> list[str]:
    ledger = MemoryLedger()
    ledger.decide("program:acme", "program.created", facts.ProgramCreated("acme", "Acme", "EUR"))
    names = {shape: name for name, shape in facts.FACTS.items()}
    for fact in happened:
        ledger.decide("test", names[type(fact)], fact)
    ledger.process()
    return [difference.detail for difference in replayed(ledger.log).differences]


def test_two_persons() -> None:
    asked = facts.PayoutProposed("po-1", "acme", "jane", "EUR", 500, by="ann")
    given = facts.PayoutApproved("po-1", "acme", "jane", "EUR", 500, by="bea")
    assert said(asked, given) == []
    assert said(asked, msgspec.structs.replace(given, by=" Ann ")) == [
        "approves payout po-1;  Ann  asked for it too"
    ]
    wide = "\N{FULLWIDTH LATIN CAPITAL LETTER A}nn"
    assert said(asked, msgspec.structs.replace(given, by=wide)) == [
        f"approves payout po-1; {wide} asked for it too"
    ]
    assert said(given) == ["approves payout po-1, which nobody proposed"]
    assert said(asked, msgspec.structs.replace(given, amount=900)) == [
        "approves payout po-1 with other content than proposed"
    ]


def test_what_one_person_did_alone_is_named_whatever_else_differs() -> None:
    ledger = sold(MemoryLedger())
    asked = facts.PayoutProposed("po-2", "acme", "omar", "EUR", 500, by="ann")
    ledger.decide("payout:po-2", "payout.proposed", asked)
    approved = facts.PayoutApproved("po-2", "acme", "omar", "EUR", 500, by="ann\u200b")
    position = ledger.decide("payout:po-2", "payout.approved", approved)
    ledger.process()
    altered = found(ledger.log, topics.JOURNAL, '"kind":"commission"')
    edit(ledger.log, altered, base=999_999)
    differences = [one.position for one in replayed(ledger.log).differences]
    assert differences == [str(altered), str(position)]


def test_an_acceptance_of_another_text() -> None:
    shown = facts.AgreementPublished("acme", 1, "Terms", "text", SHA)
    accepted = facts.AgreementAccepted("acme", "jane", 1, SHA, "Jane Doe", 0)
    assert said(shown, accepted) == []
    other = msgspec.structs.replace(accepted, sha256="0" * 64)
    [detail] = said(shown, other)
    assert detail.startswith(f"Jane Doe accepted {'0' * 64} as version 1 of acme's agreement")
    assert detail.endswith(f"what was published is {SHA}")
    assert "what was published is nothing" in said(accepted)[0]
