"""The proof of a payout from a partner's own bundle: every step that its records allow.

What is withheld is taken for what the bundle states of it, and counted. The account must be
whole all the same: no entry missing, no balance that its legs do not leave, no hash that does
not fit; and the payout what its own decisions say.
"""

from __future__ import annotations

from msgspec import Struct

from audit.accounts import ProvedAccounts
from audit.bundle.archive import BadBundle
from audit.bundle.contents import Contents
from audit.bundle.format import Rest, Withheld
from audit.bundle.own_attributions import attributions_again, clicks_again
from audit.bundle.own_entries import OwnAccount
from audit.bundle.own_instructions import instructions_again
from audit.bundle.steps import Steps
from audit.decided import Decided
from audit.difference import AuditFailed
from audit.payout import payout_proof, request_of
from audit.payout_proof import PayoutProof, ProvedEntry
from events import topics


class OwnProof(Struct):
    """What a partner's own bundle proves."""

    proof: PayoutProof
    decided: Decided
    account: list[ProvedEntry]
    again: dict[str, int]
    """Kind of step → how many were decided again."""
    rests: list[Rest]
    """Steps that rest on a withheld record."""


def prove_own(contents: Contents) -> OwnProof:
    """Prove the payout from what is shown; raises AuditFailed at the first difference."""
    return _prove(contents, Steps(contents.rests))


def undecidable(contents: Contents) -> tuple[Rest, ...]:
    """The steps that do not follow from what the bundle shows, of an account that was proved
    from all records: what `rests.jsonl` holds. Raises AuditFailed for any other difference."""
    steps = Steps(exporting=True)
    _prove(contents, steps)
    return tuple(dict.fromkeys(steps.noted))


def decided_of(contents: Contents) -> Decided:
    """The decisions that are shown, with the numbers they have among all; raises AuditFailed.

    Holes in the versions of an aggregate are where decisions are withheld.
    """
    decided = Decided()
    for line in contents.lines[topics.DECISIONS]:
        if isinstance(line, Withheld):
            decided.pass_over(line.offset, line.numbers)
        else:
            decided.take(line.record)
    for difference in decided.differences:
        if difference.kind != "missing":
            raise AuditFailed(difference)
    return decided


def _prove(contents: Contents, steps: Steps) -> OwnProof:
    decided = decided_of(contents)
    attributions = attributions_again(contents, decided, steps)
    instructions_again(contents, decided, steps, attributions)
    clicks = clicks_again(contents, steps, attributions)
    entries = OwnAccount(contents, decided, steps).book(contents.lines[topics.JOURNAL])
    for proved in entries:
        proved.click = clicks.get(proved.entry.click_id, "")
    accounts = ProvedAccounts(
        decided=decided,
        accounts={contents.partner: entries},
        conversions=steps.again["attribution"],
        clicks=len(clicks),
        records=0,
    )
    decisions = decided.of_aggregate(f"payout:{contents.payout}")
    asked = request_of(decisions)
    if asked is None or asked.partner != contents.partner:
        raise BadBundle(
            f"payout {contents.payout!r} of {contents.partner!r}: no decision in the bundle asks "
            "for it; one that names another partner is withheld, and then nothing can be proved"
        )
    proof = payout_proof(accounts, contents.payout, decisions)
    return OwnProof(proof, decided, entries, dict(steps.again), steps.rests)
