"""Explanations: the sentences name the partner, the rule and the amount, and what was not it."""

from __future__ import annotations

import pytest

from audit.explain import UnknownSubject, explain
from events import decisions as fact
from events.conversions import CitedClick, Deal, Refund, Signup
from events.terms import Bonus, Cap, Level, Override, Rule, Terms, Tiers
from tests.audit.memory import DAY, MemoryLedger


@pytest.fixture
def ledger() -> MemoryLedger:
    """Alice and Bob brought Carol a click each; she bought, and gave half of it back."""
    ledger = MemoryLedger()
    ledger.decide("program:acme", "program.created", fact.ProgramCreated("acme", "Acme", "EUR"))
    terms = Terms(1, 0, (Rule("sale", "sale", "percentage", 1_000),), hold_days=30)
    ledger.decide("program:acme", "program.terms_added", fact.TermsAdded("acme", terms))
    for partner in ("alice", "bob"):
        name = f"partner:{partner}"
        ledger.decide(name, "partner.registered", fact.PartnerRegistered(partner, partner.title()))
        ledger.decide(name, "partner.approved", fact.PartnerApproved(partner, "acme"))
        link = fact.LinkCreated(f"{partner}-link", "acme", partner, "https://acme.test")
        ledger.decide(f"link:{partner}-link", "link.created", link)
    return ledger


def happen(ledger: MemoryLedger) -> None:
    known = ledger.known
    first = CitedClick("bob-1", "bob-link", ledger.now - 2 * DAY)
    old = CitedClick("alice-0", "alice-link", ledger.now - 60 * DAY)
    last = CitedClick("alice-1", "alice-link", ledger.now - DAY)
    now = ledger.now
    ledger.convert(Signup("acme", "carol", "S-0", now, known, click=old))
    ledger.convert(Signup("acme", "carol", "S-1", now, known, click=first))
    ledger.convert(Deal("acme", "carol", "E-1", "D-1", 10_000, "EUR", now, known, click=last))
    ledger.convert(Refund("acme", "carol", "R-1", 5_000, "EUR", now, known, deal="D-1"))
    ledger.convert(Deal("acme", "dave", "E-2", "D-2", 700, "EUR", now, known))
    ledger.process()


def told(ledger: MemoryLedger, subject: str) -> str:
    story = explain(ledger.log, subject)
    assert story.verified, story.sentences
    return "\n".join(sentence.text for sentence in story.sentences)


def test_a_deal_is_explained_with_its_refund(ledger: MemoryLedger) -> None:
    happen(ledger)
    text = told(ledger, "D-1")
    assert "the sale D-1 of 100.00 EUR, customer carol in acme" in text
    assert "alice is credited: of its click alice-1." in text
    assert "Not bob for its click" in text
    assert "the terms credit the last click, which was another" in text
    assert "it is older than the window of 30 days" in text
    assert "alice earned 10.00 EUR on deal D-1 of 100.00 EUR" in text
    assert "Rule 'sale' of terms 1 gave 10.00 EUR: 10 % of 100.00 EUR." in text
    assert "pending until" in text
    assert "50.00 EUR of deal D-1 were refunded: alice's balance moved by -5.00 EUR" in text


def test_what_a_person_decided_of_a_commission_is_told_with_its_deal(ledger: MemoryLedger) -> None:
    """Without it a rejected commission would read as one that is owed."""
    happen(ledger)
    reject = fact.CommissionRejected("acme", "alice", "D-1", "", "made up", by="nina")
    ledger.decide("commission:acme/alice/deal/D-1", "commission.rejected", reject)
    ledger.process()
    release = fact.CommissionReleased("acme", "alice", "D-1", "", "a slip", by="nina")
    ledger.decide("commission:acme/alice/deal/D-1", "commission.released", release)
    ledger.process()
    text = told(ledger, "D-1")
    assert "was rejected by nina (made up)" in text
    assert "the balance moved by -5.00 EUR" in text
    assert "so it could not be released (released: " in text
    assert "rejected" not in told(ledger, "E-2")
    assert told(ledger, "acme/carol/D-1") == text


def test_why_nobody(ledger: MemoryLedger) -> None:
    happen(ledger)
    text = told(ledger, "acme/dave/D-2")
    assert "Nobody is credited: no click, signup, coupon or registration" in text


def test_an_entry_leads_back_to_its_conversion(ledger: MemoryLedger) -> None:
    happen(ledger)
    places = [
        str(record.position)
        for partition in range(4)
        for record in ledger.log.read("journal", partition)
    ]
    texts = [told(ledger, place) for place in places]
    assert any(
        "alice earned 10.00 EUR" in text and "of its click alice-1" in text for text in texts
    )
    evidence = [
        place
        for sentence in explain(ledger.log, places[0]).sentences
        for place in sentence.evidence
    ]
    assert places[0] in evidence
    assert any(place.startswith("conversions/") for place in evidence)


def test_a_partner_sees_what_it_is_owed_and_from_what(ledger: MemoryLedger) -> None:
    happen(ledger)
    text = told(ledger, "alice")
    assert "In acme it is owed 5.00 EUR: 0.00 EUR available and 5.00 EUR pending" in text
    assert "That is the sum of: commission 10.00 EUR, clawback -5.00 EUR." in text
    assert "5.00 EUR become available" in text


def test_a_tampered_entry_is_said_to_be_so(ledger: MemoryLedger) -> None:
    happen(ledger)
    for partition in range(4):
        for record in list(ledger.log.read("journal", partition)):
            if record.value and b'"amount":1000' in record.value:
                forged = record.value.replace(b'"amount":1000', b'"amount":9000').replace(
                    b'"amount":-1000', b'"amount":-9000'
                )
                ledger.log.replace(record.position, value=forged)
    story = explain(ledger.log, "D-1")
    assert not story.verified
    assert any("says otherwise" in sentence.text for sentence in story.sentences)


def test_an_unknown_name(ledger: MemoryLedger) -> None:
    happen(ledger)
    with pytest.raises(UnknownSubject, match="no partner, and no conversion"):
        explain(ledger.log, "nothing")
    with pytest.raises(UnknownSubject, match="nothing is named"):
        explain(ledger.log, " ")
    with pytest.raises(UnknownSubject, match="no such record"):
        explain(ledger.log, "conversions/0/999")


def test_rates_levels_bounds_bonuses_holds_and_rates_of_exchange(ledger: MemoryLedger) -> None:
    tiers = Tiers((Level(5_000, 1_500, "gold"),), period="month")
    terms = Terms(
        2,
        1,
        (Rule("sale", "sale", "percentage", 1_000, tiers=tiers),),
        engine="2",
        bonuses=(Bonus("second", 2, 500, measure="count"),),
        caps=(Cap("monthly", "partner", 2_000, "month"),),
        overrides=(Override("team", 1, "sale", "percentage", 200),),
        review_above=5_000,
    )
    ledger.decide("program:acme", "program.terms_added", fact.TermsAdded("acme", terms))
    recruited = fact.PartnerRecruited("alice", "acme", "bob")
    ledger.decide("partner:alice", "partner.recruited", recruited)
    ledger.decide("partner:bob", "partner.currency_set", fact.PartnerCurrencySet("bob", "USD"))
    day = "2023-11-14"
    rates = fact.RatesSet("ECB", day, "EUR", {"USD": "1.25"})
    ledger.decide(f"rates:ECB/{day}", "rates.set", rates)
    click = CitedClick("alice-1", "alice-link", ledger.now - DAY)
    for number in (1, 2):
        ledger.convert(
            Deal(
                *("acme", f"c-{number}", f"E-{number}", f"D-{number}", 10_000, "EUR"),
                *(ledger.now, ledger.known),
                click=click,
            )
        )
    ledger.process()
    text = told(ledger, "D-1") + told(ledger, "D-2")
    assert "10 % of 100.00 EUR, no level reached: 0.00 EUR of sales in its month before it" in text
    assert "15 % of 100.00 EUR, level gold reached: 100.00 EUR of sales in its month" in text
    assert "It was bounded: cap monthly: 10.00 of 15.00 EUR." in text
    assert "Rule 'second' of terms 2 gave 5.00 EUR: a bonus of 5.00 EUR for reaching 2" in text
    assert "bob stands 1 above alice, which brought it: an override." in text
    assert "Rule 'team' of terms 2 gave 2.50 USD: 2 % of 100.00 EUR, 1 above" in text
    assert "1 EUR was 1.25 USD by ECB of 2023-11-14; the rate is pinned" in text
