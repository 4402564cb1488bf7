"""A partner's payout rests on customers that no record names it for: its registrations, and
what its sub-partners brought. Taking them away from it is caught."""

from __future__ import annotations

import msgspec
import pytest

from audit.difference import AuditFailed
from audit.payout import prove_payout
from events import decisions as facts
from events import topics
from events.conversions import Assignment, Deal
from events.terms import Override
from tests.audit.memory import NOON, MemoryLedger
from tests.audit.scene import KEYS, TERMS, click, edit, found, replayed

TEAM = msgspec.structs.replace(
    TERMS,
    engine="2",
    overrides=(Override("team", 1, "sale", "percentage", 500),),
)


@pytest.fixture
def ledger() -> MemoryLedger:
    """jane recruited omar and registered carol; omar sold to dave, and was given erin's deal."""
    ledger = MemoryLedger()
    ledger.decide("program:acme", "program.created", facts.ProgramCreated("acme", "Acme", "EUR"))
    ledger.decide("program:acme", "program.terms_added", facts.TermsAdded("acme", TEAM))
    for partner in ("jane", "omar", "kim"):
        of, link = f"partner:{partner}", f"{partner}-link"
        ledger.decide(of, "partner.registered", facts.PartnerRegistered(partner, partner))
        ledger.decide(of, "partner.approved", facts.PartnerApproved(partner, "acme"))
        made = facts.LinkCreated(link, "acme", partner, "https://shop.example/")
        ledger.decide(f"link:{link}", "link.created", made)
    recruited = facts.PartnerRecruited("omar", "acme", "jane")
    ledger.decide("partner:omar", "partner.recruited", recruited)
    of = "registration:R-1"
    submitted = facts.RegistrationSubmitted("R-1", "acme", "jane", "carol", "deal")
    ledger.decide(of, "registration.submitted", submitted)
    approved = facts.RegistrationApproved("R-1", "acme", "jane", "carol")
    ledger.decide(of, "registration.approved", approved)

    known = ledger.known
    at = ledger.now
    sold = {
        customer: Deal("acme", customer, f"e-{customer}", f"d-{customer}", 10_000, "EUR", at, known)
        for customer in ("carol", "erin")
    }
    ledger.convert(sold["carol"])
    ledger.convert(sold["erin"])
    ledger.convert(
        Deal("acme", "dave", "e-dave", "d-dave", 10_000, "EUR", NOON, known,
             click=click(ledger, "omar", 1))
    )  # fmt: skip
    ledger.convert(
        Assignment("acme", "erin", "a-1", at, known, "omar", sold["erin"], "by mail", "ann")
    )
    request = facts.PayoutRequested("po-1", "acme", "jane", "EUR", 0)
    ledger.decide("payout:po-1", "payout.requested", request)
    ledger.process()
    return ledger


def test_the_teams_ledger_is_verified(ledger: MemoryLedger) -> None:
    assert replayed(ledger.log).differences == []
    proof = prove_payout(ledger.log, "po-1", KEYS, patience=0)
    earned = {(proved.entry.deal, proved.method) for proved in proof.before}
    assert earned == {("d-carol", "registered_deal"), ("d-dave", "click"), ("d-erin", "manual")}


@pytest.mark.parametrize(
    ("customer", "credits"),
    [
        ("carol", [{"partner": "kim", "share": 10_000, "method": "registered_deal"}]),
        ("carol", []),
        ("dave", [{"partner": "omar", "share": 10_000, "method": "click"}]),
        ("dave", [{"partner": "kim", "share": 10_000, "method": "click"}]),
        ("erin", [{"partner": "omar", "share": 10_000, "method": "manual"}]),
        ("erin", [{"partner": "kim", "share": 10_000, "method": "manual"}]),
    ],
)
def test_what_a_partner_earned_by_registration_or_team_cannot_be_taken(
    ledger: MemoryLedger, customer: str, credits: list[dict[str, object]]
) -> None:
    position = found(ledger.log, topics.ATTRIBUTIONS, '"outcome":"assigned"'
                     if customer == "erin" else f'"customer":"{customer}"')  # fmt: skip
    edit(ledger.log, position, credits=credits)
    ledger.relay()
    ledger.post()  # all that follows from it is made to fit
    with pytest.raises(AuditFailed, match="credits") as failed:
        prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert failed.value.difference.position == str(position)
