"""The decisions of an account's evidence: the directory, with what is withheld counted."""

from __future__ import annotations

from audit.account_proof.evidence import Evidence, Withheld
from audit.decided import Decided
from audit.difference import AuditFailed


def decided_of(evidence: Evidence) -> Decided:
    """All decisions the evidence shows; raises AuditFailed where one was removed or moved."""
    decided = Decided()
    for found in evidence.decisions():
        if isinstance(found, Withheld):
            decided.pass_over(found.offset, found.decisions)
        else:
            decided.take(found)
    for difference in decided.differences:
        raise AuditFailed(difference)
    return decided
