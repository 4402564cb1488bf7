"""The account behind a payout, proved from the log, and all that the proof looked at."""

from __future__ import annotations

import time

from msgspec import Struct

from audit.account_proof.log_evidence import LogEvidence
from audit.account_proof.payout import prove_payout_of
from audit.account_proof.proved import ProvedAccount
from audit.bundle.recording import Recording
from audit.difference import AuditFailed
from audit.log import DEFAULT_PATIENCE_S, Log
from audit.payout_proof import PayoutProof
from audit.read import Progress
from events.click_token import ClickKeys

AGAIN_S = 0.5
"""Seconds until the log is looked at again for what a running ledger has yet to write."""


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
        evidence = Recording(LogEvidence(log, progress=progress))
        try:
            proof, account = prove_payout_of(evidence, payout, keys)
        except AuditFailed as failed:
            if failed.difference.kind != "missing" or time.monotonic() >= deadline:
                raise
            time.sleep(AGAIN_S)
            continue
        return Gathered(proof, account, evidence)
