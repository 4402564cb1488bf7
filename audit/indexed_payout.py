"""A payout audited by an index of positions, which is not trusted.

The partner's records are fetched by their positions and its account proved from them alone
(`audit.account_proof`). Where that proof does not hold, the whole log is scanned, and its
verdict counts: so an index that lies costs time, and never accuses the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from audit.account_proof.fetched import Ends
from audit.account_proof.indexed_evidence import IndexedEvidence
from audit.account_proof.log_evidence import UPSTREAM
from audit.account_proof.payout import prove_payout_of
from audit.clicks import find_clicks
from audit.cluster import Cluster
from audit.difference import AuditFailed
from audit.fetching import Fetcher
from audit.index import IndexUnusable, PositionIndex
from audit.log import DEFAULT_PATIENCE_S, KafkaLog, Log
from audit.payout import prove_payout
from audit.payout_proof import PayoutProof
from audit.read import Progress
from events import topics
from events.attributions import Touch
from events.click_token import ClickKeys
from events.position import Record
from events.settings import Broker

AGAIN_S = 0.3
"""Before what differed is looked at once more: a ledger that runs may be behind by so much."""
ATTEMPTS = 2


class HowProved(Struct):
    """By which way a payout was proved, and what that way leaves open."""

    by: str
    """`index` or `scan`."""
    fetched: int = 0
    """Records fetched by their positions."""
    unseen: int = 0
    """Records the index had not seen, read from the log."""
    faults: list[str] = field(default_factory=list)
    """What the index said wrongly; without effect on the proof."""
    fell_back: str = ""
    """Why the log was scanned although there is an index."""
    contests: list[str] = field(default_factory=list)
    """Decisions that awarded the partner a prize: ranks are proved by the scan only."""


class KafkaSource(Fetcher):
    """Single records of a ledger's log on Kafka."""

    def __init__(self, broker: Broker) -> None:
        self._cluster = Cluster(broker)  # connects while the consumers do
        super().__init__(broker)
        self._log = KafkaLog(broker)

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        """Raises AuditFailed for one that is not in the log, or is not what the touch says."""
        for _, record in find_clicks(self._log, {touch: cited_by}):
            return record
        return None

    def log_id(self) -> str:
        """The cluster and its topics' partitions: an index is of one log."""
        return self._cluster.identity([*UPSTREAM, topics.CLICKS])

    def evidence(
        self, index: PositionIndex, progress: Progress = lambda records: None
    ) -> IndexedEvidence:
        """Of any account, as the log stands now."""
        return IndexedEvidence(index, self, self.snapshot(), progress)

    def snapshot(self) -> Ends:
        """Where the log ends, the end of the flow first: what is cited was there before."""
        every = (*UPSTREAM, topics.CLICKS)
        counts = self._cluster.partitions(every)
        return {topic: self._cluster.ends({topic: counts[topic]})[topic] for topic in every}


def prove_indexed_payout(
    evidence: Callable[[], IndexedEvidence],
    log: Log,
    payout: str,
    keys: ClickKeys | None,
    *,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> tuple[PayoutProof, HowProved]:
    """Prove a payout by the index, else by a scan of the log; raises AuditFailed with the first
    difference that the scan finds, or UnknownPayout.

    `evidence`: makes the account's evidence, as the log stands when it is called.
    """
    why = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(min(patience, AGAIN_S))
        try:
            found = evidence()
            proof, account = prove_payout_of(found, payout, keys)
        except AuditFailed as failed:
            why = str(failed)
            continue
        except IndexUnusable as problem:
            why = str(problem)
            break
        proof.records = found.fetched + found.unseen
        how = HowProved("index", found.fetched, found.unseen, found.faults, "", account.contests)
        return proof, how
    proof = prove_payout(log, payout, keys, patience=patience, progress=progress)
    return proof, HowProved("scan", fell_back=why)


@contextmanager
def kafka_evidence(broker: Broker) -> Iterator[KafkaSource]:
    """The log of a ledger on Kafka, record by record."""
    source = KafkaSource(broker)
    try:
        yield source
    finally:
        source.close()
