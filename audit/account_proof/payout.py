"""A payout, proved on its partner's account alone."""

from __future__ import annotations

from collections.abc import Iterator

from audit.account_proof.decided import decided_of
from audit.account_proof.evidence import Evidence
from audit.account_proof.prove import ProvedAccount, prove_account
from audit.accounts import ProvedAccounts
from audit.completeness import Seen, summed, tell
from audit.payout import UnknownPayout, asked_for, payout_proof, waiting
from audit.payout_proof import PayoutProof
from events.click_token import ClickKeys
from events.decisions import Decision, PayoutFunded, PayoutRefused


def prove_payout_of(
    evidence: Evidence,
    payout: str,
    keys: ClickKeys | None,
    *,
    whose_clicks: frozenset[str] | None = None,
) -> tuple[PayoutProof, ProvedAccount]:
    """The proof of a payout, and of the account that paid it; raises AuditFailed with the first
    difference, or UnknownPayout. The arguments are those of `prove_account`.

    `records` of the proof is 0: how much was read, the evidence knows.
    """
    decided = decided_of(evidence)
    decisions = decided.of_aggregate(f"payout:{payout}")
    asked = asked_for(payout, decisions)
    if status := waiting(decisions):
        raise UnknownPayout(f"payout {payout!r} is {status}: nothing was booked for it")
    account = prove_account(
        evidence, asked.partner, keys, decided=decided, whose_clicks=whose_clicks
    )
    _cite_as_told(account, decisions)
    proved = ProvedAccounts(
        decided=decided,
        accounts={account.partner: account.entries},
        conversions=account.conversions,
        clicks=len(account.clicks),
        records=0,
    )
    proof = payout_proof(proved, payout, decisions)
    proof.told = summed(
        tell(account.partner, decided, _seen(account), account.entries), account.entries
    )
    return proof, account


def _seen(account: ProvedAccount) -> Iterator[Seen]:
    """The attributions of the account's customers, each by the copy that is cited."""
    cited = {proved.attribution for proved in account.entries}
    for attributions in account.customers.values():
        for one in attributions:
            position = next((at for at in one.positions if at in cited), one.positions[0])
            yield position, one.attribution, one.conversion


def _cite_as_told(account: ProvedAccount, decisions: list[Decision]) -> None:
    """Of equal copies of an entry, name the one that the payout was told of: one account's
    records do not show which of them counts."""
    told = set()
    for decision in decisions:
        fact = decision.fact() if decision.name in ("payout.funded", "payout.refused") else None
        if isinstance(fact, PayoutFunded | PayoutRefused):
            told.add(fact.entry)
    for one in account.booked:
        for position in one.copies:
            if position in told:
                one.proved.position = position
