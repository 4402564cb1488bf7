"""A ledger that was tampered with is caught, and what was done to it is named."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from audit.difference import AuditFailed
from audit.payout import UnknownPayout, prove_payout
from events import decisions as facts
from events import topics
from events.click_token import ClickKeys
from events.conversions import CitedClick, Deal
from events.position import Position, Record
from tests.audit.memory import DAY, NOON, MemoryLedger
from tests.audit.scene import KEYS, TERMS, edit, found, only_difference, replayed, sold


@pytest.fixture
def ledger() -> MemoryLedger:
    return sold(MemoryLedger())


def test_an_honest_ledger_is_verified(ledger: MemoryLedger) -> None:
    report = replayed(ledger.log)
    assert report.differences == []
    assert report.verified
    assert report.conversions == 64
    assert report.clicks_proved == 20
    assert {unit: sum(a.values()) for unit, a in report.trial_balance.items()} == {"EUR": 0}


def test_a_payout_is_proved_back_to_its_clicks_and_terms(ledger: MemoryLedger) -> None:
    proof = prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert (proof.partner, proof.amount, proof.unit) == ("jane", 1000, "EUR")
    commissions = [p for p in proof.before if p.entry.kind == "commission"]
    assert len(commissions) == 20  # ten leads, ten sales
    assert all(p.entry.terms_at.startswith("decisions/0/") for p in commissions)
    assert all(
        ledger.log.read_one(Position.parse(p.click)).value for p in commissions if p.entry.click_id
    )


def test_an_unknown_payout_is_said_to_be_unknown(ledger: MemoryLedger) -> None:
    with pytest.raises(UnknownPayout, match="po-2"):
        prove_payout(ledger.log, "po-2", KEYS, patience=0)


def test_an_altered_amount_in_the_journal(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.JOURNAL, '"kind":"commission"')
    edit(ledger.log, position, base=999_999)
    difference = only_difference(ledger.log)
    assert (difference.kind, difference.position) == ("altered", str(position))
    assert "base" in difference.detail


def test_altered_legs_are_caught_by_the_payouts_audit(ledger: MemoryLedger) -> None:
    entry = prove_payout(ledger.log, "po-1", KEYS, patience=0).before[0]
    position = Position.parse(entry.position)
    legs = [{"account": "commissions", "amount": -9}, {"account": "payable", "amount": 9}]
    edit(ledger.log, position, legs=legs)
    with pytest.raises(AuditFailed) as failed:
        prove_payout(ledger.log, "po-1", KEYS, patience=0)
    assert failed.value.difference.kind == "altered"
    assert failed.value.difference.position == str(position)


@pytest.mark.parametrize("topic", [topics.ATTRIBUTIONS, topics.JOURNAL])
def test_a_removed_record(ledger: MemoryLedger, topic: str) -> None:
    records = max(
        (held for (name, _), held in ledger.log.records.items() if name == topic), key=len
    )
    removed = records.pop(1)
    ledger.log.renumber(topic, removed.partition)
    report = replayed(ledger.log)
    assert report.differences[0].kind == "missing"
    source = msgspec.json.decode(removed.value or b"")["source"]
    assert report.differences[0].position == source


def test_a_removed_instruction(ledger: MemoryLedger) -> None:
    records = next(
        held
        for (name, _), held in ledger.log.records.items()
        if name == topics.INSTRUCTIONS and len(held) > 3
    )
    removed = records.pop(1)
    ledger.log.renumber(topics.INSTRUCTIONS, removed.partition)
    assert not replayed(ledger.log).verified


def test_a_journal_cut_at_its_end(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.JOURNAL, '"kind":"commission"')
    held = ledger.log.records[topics.JOURNAL, position.partition]
    cut = held.pop()
    difference = only_difference(ledger.log)
    assert difference.kind == "missing"
    assert difference.position == msgspec.json.decode(cut.value or b"")["source"]


def test_a_forged_journal_record_at_the_end(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.JOURNAL, '"partner":"jane"')
    held = ledger.log.records[topics.JOURNAL, position.partition]
    forged = msgspec.json.decode(held[-1].value or b"")
    forged["n"] += 1
    ledger.log.append(
        topics.JOURNAL, "jane", msgspec.json.encode(forged), ledger.now, position.partition
    )
    difference = only_difference(ledger.log)
    assert difference.kind == "foreign"
    assert difference.position == str(held[-1].position)


def test_a_forged_repeat_has_no_effect_and_is_named(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.JOURNAL, '"kind":"commission"')
    forged = msgspec.json.decode(ledger.log.read_one(position).value or b"") | {"base": 7}
    second = ledger.log.append(
        topics.JOURNAL, "jane", msgspec.json.encode(forged), ledger.now, position.partition
    )
    report = replayed(ledger.log)
    assert report.verified
    assert report.contradictions == [str(second)]


def test_a_forged_instruction_of_a_source_that_is_not_there(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.INSTRUCTIONS, '"partner":"jane"')
    forged = msgspec.json.decode(ledger.log.read_one(position).value or b"")
    forged |= {"source": "attributions/99/0", "n": 0, "deal": "made-up"}
    at = ledger.log.append(
        topics.INSTRUCTIONS, "jane", msgspec.json.encode(forged), ledger.now, position.partition
    )
    ledger.post()
    difference = only_difference(ledger.log)
    assert (difference.kind, difference.position) == ("foreign", str(at))
    with pytest.raises(AuditFailed):
        prove_payout(ledger.log, "po-1", KEYS, patience=0)


def test_a_conversion_altered_after_the_fact(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.CONVERSIONS, '"deal":"d3"')
    edit(ledger.log, position, amount=5_000_000)
    difference = only_difference(ledger.log)
    assert difference.kind == "altered"
    assert difference.position.startswith(f"attributions/{position.partition}/")


def test_terms_altered_after_the_fact(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.DECISIONS, "program.terms_added")
    value = (ledger.log.read_one(position).value or b"").replace(b":1000", b":2000")
    ledger.log.replace(position, value=value)
    difference = only_difference(ledger.log)
    assert difference.kind == "altered"
    assert difference.position.startswith("journal/")


def test_a_forged_click_token_that_an_attribution_rests_on() -> None:
    ledger = MemoryLedger()
    forger = ClickKeys(1, {1: b"f" * 32})
    cited = CitedClick(forger.sign("jane-link", NOON - DAY), "jane-link", NOON - DAY)
    _with_a_deal(ledger, cited)
    difference = only_difference(ledger.log)
    assert difference.kind == "click"
    assert "forged" in difference.detail


def test_a_click_that_is_not_in_the_log() -> None:
    ledger = MemoryLedger()
    cited = CitedClick(KEYS.sign("jane-link", NOON - DAY), "jane-link", NOON - DAY)
    _with_a_deal(ledger, cited)
    difference = only_difference(ledger.log)
    assert difference.kind == "click"
    assert "not in the log" in difference.detail


def test_a_click_moved_to_another_partner(ledger: MemoryLedger) -> None:
    position = found(ledger.log, topics.CLICKS, '"partner":"jane"')
    edit(ledger.log, position, partner="omar")
    difference = only_difference(ledger.log)
    assert difference.kind == "click"
    assert str(position) in difference.detail


def test_a_poison_conversion_is_no_difference(ledger: MemoryLedger) -> None:
    ledger.log.append(topics.CONVERSIONS, "acme/x", b"{not json", ledger.now)
    ledger.process()
    assert replayed(ledger.log).verified


def test_a_removed_click_is_named(ledger: MemoryLedger) -> None:
    records: list[Record] = max(
        (held for (name, _), held in ledger.log.records.items() if name == topics.CLICKS), key=len
    )
    removed = records.pop(0)
    ledger.log.renumber(topics.CLICKS, removed.partition)
    difference = only_difference(ledger.log)
    assert difference.kind == "click"
    assert msgspec.json.decode(removed.value or b"")["click_id"] in difference.detail


def _with_a_deal(ledger: MemoryLedger, cited: CitedClick) -> None:
    """A deal that rests on `cited`, as a gateway that was deceived would record it."""
    ledger.decide("program:acme", "program.created", facts.ProgramCreated("acme", "Acme", "EUR"))
    ledger.decide("program:acme", "program.terms_added", facts.TermsAdded("acme", TERMS))
    ledger.decide("partner:jane", "partner.registered", facts.PartnerRegistered("jane", "Jane"))
    ledger.decide("partner:jane", "partner.applied", facts.PartnerApplied("jane", "acme"))
    ledger.decide("partner:jane", "partner.approved", facts.PartnerApproved("jane", "acme"))
    link = facts.LinkCreated("jane-link", "acme", "jane", "https://shop.example/")
    ledger.decide("link:jane-link", "link.created", link)
    ledger.convert(Deal("acme", "c", "e", "d", 1999, "EUR", NOON, ledger.known, click=cited))
    ledger.process()


def test_a_click_that_two_conversions_say_different_things_of(ledger: MemoryLedger) -> None:
    """jane's click, good and in the log, taken for one of omar's by a later conversion."""
    position = found(ledger.log, topics.CLICKS, '"partner":"jane"')
    token = msgspec.json.decode(ledger.log.read_one(position).value or b"")["click_id"]
    cited = CitedClick(token, "omar-link", NOON - DAY)
    ledger.convert(Deal("acme", "new", "e-x", "d-x", 900, "EUR", NOON, ledger.known, click=cited))
    ledger.process()
    difference = only_difference(ledger.log)
    assert difference.kind == "click"
    assert "omar-link" in difference.detail


def test_a_forged_instruction_is_named_whatever_differs_elsewhere(ledger: MemoryLedger) -> None:
    """Whoever leaves a harmless difference in one partition hides nothing in another."""
    newest = {
        (_said(record)["source"].rpartition("/")[0], record.partition): record
        for record in _records(ledger, topics.INSTRUCTIONS)
    }
    source, target = min(stream for stream in newest if stream[0].startswith("attributions/"))
    forged = _appended_again(ledger, newest[source, target])
    ledger.post()
    assert [(one.kind, one.position) for one in replayed(ledger.log).differences] == [
        ("foreign", forged)
    ]
    elsewhere = next(
        one
        for one in reversed(_records(ledger, topics.ATTRIBUTIONS))
        if f"attributions/{one.partition}" != source
    )
    harmless = _appended_again(ledger, elsewhere)
    assert {(one.kind, one.position) for one in replayed(ledger.log).differences} == {
        ("foreign", harmless),
        ("foreign", forged),
    }


def _records(ledger: MemoryLedger, topic: str) -> list[Record]:
    return [one for (name, _), held in ledger.log.records.items() if name == topic for one in held]


def _said(record: Record) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.json.decode(record.value or b"")
    return said


def _appended_again(ledger: MemoryLedger, record: Record) -> str:
    """Where `record` stands once more, with the next number."""
    said = _said(record)
    said["n"] += 1
    key = (record.key or b"").decode()
    at = ledger.log.append(record.topic, key, msgspec.json.encode(said), record.recorded_at)
    return str(at)
