"""The accounts of some partners, proved: everything that was ever booked for them.

    journal entries ← instructions ← attributions ← conversions ← clicks
                                   ↖ decisions

Read from the log alone, each partition once, whether it is for one partner or a hundred:
whether the money of a payout was there depends on all that came before it.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from audit.clicks import CitedClicks, find_clicks
from audit.contests import prove_contests
from audit.decided import Decided, read_decisions
from audit.difference import AuditFailed
from audit.earned import Earned
from audit.log import Log
from audit.partner_account import RoutedTo, book_again, nothing_elsewhere
from audit.payout_proof import ProvedEntry
from audit.read import Progress
from events import topics
from events.attributions import Attribution
from events.click_token import ClickKeys
from events.decisions import Decision
from events.partitioning import partition_of
from events.position import Record
from projections.routing import route_attribution, route_decision

Each = Callable[[str, Attribution, Record], None]
"""Shown an attribution: its position, what it says, and its conversion's record."""


class ProvedAccounts(Struct):
    """What was proved, and how much of the log that took."""

    decided: Decided
    accounts: dict[str, list[ProvedEntry]]
    """Partner → its entries, from the first on."""
    conversions: int
    """Of every customer that earned any of the partners anything."""
    clicks: int
    records: int
    """Read in all."""

    def entries(self) -> int:
        """How many were booked again for these partners."""
        return sum(len(account) for account in self.accounts.values())


def prove_accounts(
    log: Log,
    partners_of: Callable[[Decided], frozenset[str]],
    keys: ClickKeys | None,
    *,
    patience: float,
    progress: Progress,
    each: Each = lambda position, attribution, conversion: None,
) -> ProvedAccounts:
    """Prove the accounts of the partners that `partners_of` picks from the decisions.

    `each` is shown every attribution of their customers, once it is proved. Raises AuditFailed
    with the first difference, and whatever `partners_of` raises.
    """
    read = Count(progress)
    # Downstream first, so that what is read upstream gives all of it.
    instruction_ends = log.ends(topics.INSTRUCTIONS)
    ends = log.ends(topics.CONVERSIONS)
    decided = read_decisions(log)
    read(decided.records)
    for difference in decided.differences:
        raise AuditFailed(difference)
    partners = partners_of(decided)

    cited = CitedClicks(keys)
    routed = _by_partition(partners, log.partitions(topics.INSTRUCTIONS))
    conversions = 0
    earned = Earned(log, decided, partners, read)
    for partition, end in sorted(ends.items()):
        for record, attribution in earned.attributions(partition, end):
            conversions += 1
            position = str(record.position)
            assert earned.conversion is not None
            each(position, attribution, earned.conversion)
            if attribution.touch is not None:
                cited.cite(attribution.touch, position)
            instructions = route_attribution(attribution, position)
            for expected in routed.values():
                expected.add(instructions)
    for decision in decided.decisions:
        instructions = route_decision(decision)
        for expected in routed.values() if instructions else ():
            expected.add(instructions)

    accounts: dict[str, list[ProvedEntry]] = {partner: [] for partner in partners}
    for partition, expected in sorted(routed.items()):
        before = instruction_ends[partition]
        for proved in book_again(log, decided, expected, partition, before, patience, read):
            accounts[proved.entry.partner].append(proved)
    nothing_elsewhere(log, partners, read)
    programs = {proved.entry.program for account in accounts.values() for proved in account}
    for difference in prove_contests(log, decided, read, programs):
        raise AuditFailed(difference)
    clicks = {
        click_id: str(record.position) for click_id, record in find_clicks(log, cited.touches)
    }
    for account in accounts.values():
        for proved in account:
            proved.click = clicks.get(proved.entry.click_id, "")
    return ProvedAccounts(decided, accounts, conversions, len(clicks), read.records)


class Count:
    """Adds up what was read, and passes it on."""

    def __init__(self, progress: Progress) -> None:
        self.records = 0
        self._progress = progress

    def __call__(self, records: int) -> None:
        self.records += records
        self._progress(records)


def by_aggregate(decided: Decided, wanted: frozenset[str]) -> dict[str, list[Decision]]:
    """The decisions of each of the `wanted` aggregates, by version."""
    found: dict[str, list[Decision]] = {name: [] for name in wanted}
    for decision in decided.decisions:
        if decision.aggregate in wanted:
            found[decision.aggregate].append(decision)
    return found


def _by_partition(partners: frozenset[str], partitions: int) -> dict[int, RoutedTo]:
    """What is expected in each partition of `instructions` that some of `partners` live in."""
    homes: dict[int, set[str]] = {}
    for partner in partners:
        homes.setdefault(partition_of(partner, partitions), set()).add(partner)
    return {partition: RoutedTo(frozenset(found)) for partition, found in homes.items()}
