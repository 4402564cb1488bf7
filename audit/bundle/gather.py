"""The account behind a payout, proved from the log, and all that the proof looked at."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from msgspec import Struct

from audit.account_proof.log_evidence import LogEvidence
from audit.account_proof.payout import prove_payout_of
from audit.account_proof.proved import ProvedAccount
from audit.bundle.recording import Recording
from audit.clicks import find_clicks
from audit.decided import Decided
from audit.difference import AuditFailed
from audit.log import DEFAULT_PATIENCE_S, Log
from audit.payout_proof import PayoutProof
from audit.read import Progress
from events.attributions import Attribution, Touch
from events.click_token import ClickKeys
from events.codec import UnreadableRecord, decode_record
from events.position import Position, Record

AGAIN_S = 0.5
"""Seconds until the log is looked at again for what a running ledger has yet to write."""


class _FoundTogether(LogEvidence):
    """The log's evidence; single records are found among those that were read anyway, and clicks
    looked for all at once: an account cites thousands."""

    def __init__(self, log: Log, progress: Progress) -> None:
        super().__init__(log, progress=progress)
        self._clicks_in = log
        self._cited: dict[Touch, str] = {}
        self._found: dict[str, Record] | None = None
        self._read_anyway: dict[Position, Record] = {}

    def customers(self, partner: str, decided: Decided) -> Iterable[str]:
        keys = list(super().customers(partner, decided))
        for key in keys:
            for record in super().attributions(key):
                self._read_anyway[record.position] = record
        return keys

    def record(self, position: Position) -> Record | None:
        return self._read_anyway.get(position) or super().record(position)

    def attributions(self, key: str) -> Iterator[Record]:
        """Besides, notes the clicks that they count: these are asked for after all of them."""
        for record in super().attributions(key):
            with suppress(UnreadableRecord):
                said: Attribution = decode_record(record)
                if said.touch is not None:
                    self._cited.setdefault(said.touch, str(record.position))
            yield record

    def click(self, touch: Touch, cited_by: str) -> Record | None:
        if self._found is None:
            try:
                self._found = dict(find_clicks(self._clicks_in, self._cited))
            except AuditFailed:  # by one that may not count: each is then looked for by itself
                self._found = {}
        return self._found.get(touch.click_id) or super().click(touch, cited_by)


class Gathered(Struct):
    """A proved payout, its partner's proved account, and the records both rest on."""

    proof: PayoutProof
    account: ProvedAccount
    evidence: Recording


def gather(
    log: Log,
    payout: str,
    keys: ClickKeys | None,
    *,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> Gathered:
    """Prove `payout` and keep what that took. Raises AuditFailed, and UnknownPayout.

    `patience`: seconds to wait for what a running ledger has yet to relay and to book.
    """
    deadline = time.monotonic() + patience
    while True:
        evidence = Recording(_FoundTogether(log, progress))
        try:
            proof, account = prove_payout_of(evidence, payout, keys)
        except AuditFailed as failed:
            if failed.difference.kind != "missing" or time.monotonic() >= deadline:
                raise
            time.sleep(AGAIN_S)
            continue
        return Gathered(proof, account, evidence)
