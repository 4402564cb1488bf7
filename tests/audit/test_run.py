"""A payout run is proved as one, and whatever was done to any part of it is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.difference import AuditFailed
from audit.log import Log
from audit.run import RunProof, UnknownRun, prove_run
from events import decisions as facts
from events import topics
from events.position import Record
from tests.audit.memory import MemoryLedger, MemoryLog
from tests.audit.scene import KEYS, edit, found, sold, tell
from tests.audit.tampering import Tampering, altered, forged, replaced, truncated

RUN = facts.PayoutRunStarted(
    "r1",
    "acme",
    "EUR",
    (facts.RunPayout("r1-jane", "jane"), facts.RunPayout("r1-omar", "omar")),
    "ann",
)
JANE, OMAR = (
    facts.PayoutRequested(f"r1-{partner}", "acme", partner, "EUR", 0, "ann", "r1")
    for partner in ("jane", "omar")
)


def paid_by_run(asked: tuple[facts.PayoutRequested, ...] = (JANE, OMAR)) -> MemoryLedger:
    """Two partners are paid all they have by run r1; jane's payment is settled, then returned."""
    ledger = sold(MemoryLedger())
    ledger.decide("run:r1", "run.started", RUN)
    for request in asked:
        ledger.decide(f"payout:{request.payout}", "payout.requested", request)
    ledger.process()
    tell(ledger)
    for name, fact in (
        ("sent", facts.PayoutSent),
        ("settled", facts.PayoutSettled),
        ("returned", facts.PayoutReturned),
    ):
        ledger.decide("payout:r1-jane", f"payout.{name}", fact("r1-jane", "acme", "jane", "r1-1"))
    ledger.process()
    return ledger


def prove(log: Log) -> RunProof:
    return prove_run(log, "r1", KEYS, patience=0)


def test_every_payout_of_a_run_is_proved() -> None:
    proof = prove(paid_by_run().log)
    assert [(one.payout, one.status) for one in proof.payouts] == [
        ("r1-jane", "returned"),
        ("r1-omar", "funded"),
    ]
    assert proof.statuses == {"returned": 1, "funded": 1}
    jane, omar = proof.payouts
    assert proof.totals == {"returned": jane.amount, "funded": omar.amount}
    assert proof.amount == omar.amount, "what came back is not paid"
    # jane's other payout was funded from the same account before.
    assert jane.funding.entry.balance is not None
    assert jane.funding.entry.balance.payable == 0
    assert proof.entries == jane.entries + omar.entries


def test_a_run_that_broke_off_says_what_is_missing() -> None:
    proof = prove(paid_by_run(asked=(JANE,)).log)
    [missing] = proof.unbooked
    assert (missing.payout, missing.partner, missing.status) == ("r1-omar", "omar", "missing")
    assert [one.payout for one in proof.payouts] == ["r1-jane"]


def test_an_unknown_run_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownRun, match="r9"):
        prove_run(paid_by_run().log, "r9", KEYS, patience=0)


class CountingLog:
    """Counts how many records of each topic are read."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self.partitions, self.ends, self.offset_at = log.partitions, log.ends, log.offset_at
        self.read_of: dict[str, int] = {}

    def read(self, topic: str, partition: int, start: int = 0, end: int | None = None):  # type: ignore[no-untyped-def]
        for record in self._log.read(topic, partition, start, end):
            self.read_of[topic] = self.read_of.get(topic, 0) + 1
            yield record


def test_two_partners_do_not_read_the_log_twice() -> None:
    ledger = paid_by_run()
    log = CountingLog(ledger.log)
    prove(log)
    sizes = {topic: sum(ledger.log.ends(topic).values()) for topic in log.read_of}
    assert log.read_of[topics.INSTRUCTIONS] <= sizes[topics.INSTRUCTIONS]
    assert log.read_of[topics.JOURNAL] <= 3 * sizes[topics.JOURNAL]
    assert log.read_of[topics.CONVERSIONS] <= 2 * sizes[topics.CONVERSIONS]
    assert log.read_of[topics.ATTRIBUTIONS] <= 2 * sizes[topics.ATTRIBUTIONS]


LISTED = (topics.DECISIONS, '"run.started"')
ASKED = (topics.DECISIONS, '"payout":"r1-omar","program"')
DUE = (topics.INSTRUCTIONS, '"payout":"r1-omar"')
FUNDED = (topics.JOURNAL, '"payout":"r1-omar"')
TOLD = (topics.DECISIONS, '"payout":"r1-omar","amount"')
RETURNED = (topics.JOURNAL, '"kind":"payout_returned"')


def someone_else(ledger: MemoryLedger) -> None:
    """A payout says it is of the run, which does not list it."""
    request = facts.PayoutRequested("po-x", "acme", "omar", "EUR", 1, "eve", "r1")
    ledger.decide("payout:po-x", "payout.requested", request)
    ledger.process()


def other_partner(ledger: MemoryLedger) -> None:
    """A payout of the list is asked for by the account of another partner."""
    position = found(ledger.log, *ASKED)
    value = ledger.log.read_one(position).value or b""
    ledger.log.replace(position, value=value.replace(b'"partner":"omar"', b'"partner":"jane"'))


def foreign_entry(ledger: MemoryLedger) -> None:
    """An entry of a partner the run knows nothing of says that it is of the run."""
    held = ledger.log.records[topics.JOURNAL, 0]
    value = b'{"type":"entry.v1","n":%d,"source":"instructions/0/99","partner":"eve","at":1,' % len(
        held
    ) + (b'"kind":"payout_funded","program":"acme","payout":"po-eve","run":"r1"}')
    held.append(Record(topics.JOURNAL, 0, len(held), ledger.now, b"eve", value))


WAYS: tuple[tuple[str, Tampering | Callable[[MemoryLedger], None], str, str], ...] = (
    ("a partner taken off the list", replaced(LISTED, "r1-omar", "r1-oma2"), "foreign", "r1-omar"),
    ("another partner on the list", replaced(LISTED, '"omar"', '"jane"'), "foreign", "r1-omar"),
    ("another unit of the list", replaced(LISTED, "EUR", "USD"), "payout", "r1-jane"),
    ("a payout taken out of the run", replaced(ASKED, ',"run":"r1"', ""), "altered", "run"),
    ("a payout put into the run", someone_else, "foreign", "po-x"),
    ("a payout of another partner", other_partner, "missing", "decisions/0"),
    ("an instruction's amount", altered(DUE, amount=1), "altered", "legs"),
    ("an entry of one partner", altered(FUNDED, reason="x"), "altered", "reason"),
    ("a return forged away", truncated(RETURNED), "missing", "instructions/"),
    ("a telling with another amount", replaced(TOLD, '"amount":', '"amount":1'), "payout", "r1"),
    ("an entry inserted", forged(FUNDED, base=7), "altered", "base"),
    ("an entry that says it is of the run", foreign_entry, "foreign", ""),
)


@pytest.mark.parametrize(
    ("do", "kind", "where"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS]
)
def test_tampering_with_any_part_of_a_run_is_named(do: Tampering, kind: str, where: str) -> None:
    ledger = paid_by_run()
    do(ledger)
    with pytest.raises(AuditFailed) as failed:
        prove(ledger.log)
    difference = failed.value.difference
    assert difference.kind == kind, difference
    assert where in difference.position + difference.detail, difference


def test_an_entry_of_any_partner_of_the_run_counts() -> None:
    ledger = paid_by_run()
    edit(ledger.log, found(ledger.log, topics.JOURNAL, '"partner":"omar"'), base=1)
    with pytest.raises(AuditFailed, match="base"):
        prove(ledger.log)
