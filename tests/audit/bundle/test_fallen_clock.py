"""A broker whose clock fell back: an entry has the time of somebody else's instruction."""

from __future__ import annotations

import pytest

from audit.bundle.format import Scope
from audit.bundle.verify import verify_members
from audit.difference import AuditFailed
from events import decisions as facts
from events import topics
from events.conversions import Deal
from events.partitioning import partition_of
from tests.audit.bundle.forging import Forged
from tests.audit.bundle.reading import exported, members_in
from tests.audit.memory import DAY, NOON, PARTITIONS, MemoryLedger
from tests.audit.rewards_scene import Decider
from tests.audit.scene import TERMS, click

NEIGHBOR = next(
    name
    for name in (f"partner-{number}" for number in range(99))
    if partition_of(name, PARTITIONS) == partition_of("jane", PARTITIONS)
)
"""Somebody whose account stands in jane's partition."""


def fallen() -> MemoryLedger:
    """The neighbor's instruction, which stands first, was stamped a day after jane's."""
    ledger = MemoryLedger()
    decide = Decider(ledger)
    decide("program:acme", facts.ProgramCreated("acme", "Acme", "EUR"))
    decide("program:acme", facts.TermsAdded("acme", TERMS))
    for partner in ("jane", NEIGHBOR):
        link = f"{partner}-link"
        decide(f"partner:{partner}", facts.PartnerRegistered(partner, partner))
        decide(f"partner:{partner}", facts.PartnerApproved(partner, "acme"))
        decide(f"link:{link}", facts.LinkCreated(link, "acme", partner, "https://shop.example/"))
    known = ledger.known
    for serial, partner in enumerate((NEIGHBOR, "jane", "jane")):
        cited = click(ledger, partner, serial)
        ledger.convert(
            Deal("acme", "customer-1" + partner, f"e{serial}", f"order-{serial}", 5_000, "EUR",
                 NOON, known, click=cited)
        )  # fmt: skip
    ledger.process()
    decide("payout:po-1", facts.PayoutRequested("po-1", "acme", "jane", "EUR", 0))
    ledger.process()
    home = ledger.log.records[topics.INSTRUCTIONS, partition_of("jane", PARTITIONS)]
    home.sort(key=lambda record: record.key != NEIGHBOR.encode())
    ledger.log.renumber(topics.INSTRUCTIONS, home[0].partition)
    home[0] = home[0]._replace(recorded_at=home[-1].recorded_at + DAY)
    ledger.post()
    return ledger


@pytest.mark.parametrize("scope", ["auditor", "partner"])
def test_its_bundle_says_whose_time_that_is_not(scope: Scope) -> None:
    bundle, verdict = exported(fallen(), scope)
    late = verdict.account[0].entry.at
    assert {one.entry.at for one in verdict.account} == {late}
    forged = Forged(members_in(bundle))
    assert f"{late}".encode() in forged.members["manifest.json"]
    assert NEIGHBOR.encode() not in b"".join(forged.members.values()) or scope == "auditor"

    forged.manifest(stamps=[])
    with pytest.raises(AuditFailed, match="field at"):
        verify_members(forged.members)
