"""A small ledger to audit: two partners, their customers, payouts; and the replay of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from audit.decided import read_decisions
from audit.difference import Difference
from audit.log import Log
from audit.prove_attributions import ProvedAttributions, prove_attributions
from audit.prove_journal import ProvedJournal, prove_journal
from audit.relayed import Due
from audit.replay import ReplayReport, Rounds, replay
from audit.replay_plan import plan_replay
from audit.scope import WHOLE, Scope
from events import decisions as facts
from events import topics
from events.click_token import ClickKeys
from events.clicks import Click
from events.codec import decode_record, encode
from events.conversions import CitedClick, Deal, Refund, Signup
from events.first_wins import Dense, Verdict
from events.position import Position
from events.terms import Rule, Terms
from tests.audit.memory import DAY, NOON, MemoryLedger, MemoryLog

KEYS = ClickKeys(1, {1: b"k" * 32})
TERMS = Terms(
    version=1,
    effective_from=0,
    rules=(Rule("sale 10%", "sale", "percentage", 1000), Rule("lead", "lead", "flat", 200)),
    hold_days=0,
)


def click(ledger: MemoryLedger, partner: str, serial: int) -> CitedClick:
    """A good click of `partner`, in the log."""
    at = NOON - DAY
    token = KEYS.sign(f"{partner}-link", at, nonce=serial.to_bytes(6, "big"))
    ledger.log.append(
        topics.CLICKS,
        f"{partner}-link",
        encode(Click(token, f"{partner}-link", "acme", partner, at)),
        at,
    )
    return CitedClick(token, f"{partner}-link", at)


def sold(ledger: MemoryLedger) -> MemoryLedger:
    """Two partners, twenty customers, a few refunds, one settled payout."""
    ledger.decide("program:acme", "program.created", facts.ProgramCreated("acme", "Acme", "EUR"))
    ledger.decide("program:acme", "program.terms_added", facts.TermsAdded("acme", TERMS))
    for partner in ("jane", "omar"):
        of = f"partner:{partner}"
        ledger.decide(of, "partner.registered", facts.PartnerRegistered(partner, partner))
        ledger.decide(of, "partner.applied", facts.PartnerApplied(partner, "acme"))
        ledger.decide(of, "partner.approved", facts.PartnerApproved(partner, "acme"))
        link = f"{partner}-link"
        ledger.decide(
            f"link:{link}",
            "link.created",
            facts.LinkCreated(link, "acme", partner, "https://shop.example/"),
        )
    known = ledger.known
    for serial in range(20):
        customer = f"customer-{serial}"
        cited = click(ledger, ("jane", "omar")[serial % 2], serial)
        ledger.convert(Signup("acme", customer, f"s{serial}", NOON, known, click=cited))
        deal = Deal("acme", customer, f"e{serial}", f"d{serial}", 1999 + serial, "EUR", NOON, known)
        ledger.convert(deal)
        ledger.convert(deal)  # a retry: ignored
        if serial % 5 == 0:
            ledger.convert(
                Refund("acme", customer, f"r{serial}", 500, "EUR", NOON, known, f"d{serial}")
            )
    ledger.process()
    request = facts.PayoutRequested("po-1", "acme", "jane", "EUR", 1000)
    ledger.decide("payout:po-1", "payout.requested", request)
    ledger.process()
    return ledger


def replayed(log: Log, scope: Scope = WHOLE) -> ReplayReport:
    return replay(log, rounds_of(log, scope), plan_replay(log, scope))


def rounds_of(log: Log, scope: Scope = WHOLE) -> Rounds:
    """The rounds in this process, a partition after the other."""

    def attributions(ends: dict[int, int]) -> Iterator[ProvedAttributions]:
        decided = read_decisions(log)
        for partition, end in ends.items():
            yield prove_attributions(
                log, decided, partition, end, KEYS, 0, lambda records: None, scope
            )

    def journal(due: Due, partitions: list[int]) -> Iterator[ProvedJournal]:
        decided = read_decisions(log)
        for partition in partitions:
            yield prove_journal(log, decided, partition, due, 0, lambda records: None, scope)

    return Rounds(attributions, journal)


def only_difference(log: MemoryLog) -> Difference:
    report = replayed(log)
    assert not report.verified
    return report.differences[0]


def found(log: MemoryLog, topic: str, contains: str) -> Position:
    """The position of the first record of `topic` whose text holds `contains`."""
    for (name, _), records in log.records.items():
        for record in records:
            if name == topic and contains.encode() in (record.value or b""):
                return record.position
    raise AssertionError(f"no record of {topic} holds {contains}")


def edit(log: MemoryLog, position: Position, **changes: object) -> None:
    """Change fields of a JSON record where it stands."""
    value = msgspec.json.decode(log.read_one(position).value or b"")
    log.replace(position, value=msgspec.json.encode(value | changes))


def paid(ledger: MemoryLedger) -> MemoryLedger:
    """As `sold`; po-1 was funded, sent and settled, po-2 refused, and both were told so."""
    sold(ledger)
    ask = facts.PayoutRequested("po-2", "acme", "jane", "EUR", 1_000_000)
    ledger.decide("payout:po-2", "payout.requested", ask)
    ledger.process()
    tell(ledger)
    for name, fact in (("sent", facts.PayoutSent), ("settled", facts.PayoutSettled)):
        ledger.decide("payout:po-1", f"payout.{name}", fact("po-1", "acme", "jane", "bank-7"))
    ledger.process()
    return ledger


def tell(ledger: MemoryLedger) -> None:
    """The payouts' decisions, as the agent that reads the journal makes them."""
    for (topic, _), records in list(ledger.log.records.items()):
        dense = Dense()
        for record in records if topic == topics.JOURNAL else ():
            entry = decode_record(record)
            of = f"payout:{entry.payout}"
            if dense.judge(entry.source, entry.n) is not Verdict.ACCEPTED:
                continue
            if entry.kind == "payout_funded":
                told = facts.PayoutFunded(entry.payout, entry.legs[1].amount, str(record.position))
                ledger.decide(of, "payout.funded", told)
            elif entry.kind == "payout_refused":
                refused = facts.PayoutRefused(entry.payout, entry.reason, str(record.position))
                ledger.decide(of, "payout.refused", refused)
