"""From a payout back to the clicks and terms behind it, each step decided again.

    payout → journal entries → instructions → attributions → conversions → clicks
                                                          ↘ terms (decisions)

Read from the log alone. The partner's whole account is booked again, not only the payout:
whether the money was there depends on all that came before. So is every conversion of the
customers that earned the partner anything.
"""

from __future__ import annotations

from audit.accounts import ProvedAccounts, by_aggregate, prove_accounts
from audit.approvals import false_approvals
from audit.checkpoints import false_checkpoints
from audit.completeness import Seen, summed, tell
from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from audit.log import DEFAULT_PATIENCE_S, Log
from audit.outcomes import Answer, answer_of, false_tellings
from audit.payout_proof import PayoutProof, ProvedEntry
from audit.read import Progress
from events.click_token import ClickKeys
from events.decisions import Decision, PayoutProposed, PayoutRequested

__all__ = ["PayoutProof", "ProvedEntry", "UnknownPayout", "prove_payout"]

PayoutAsked = PayoutRequested | PayoutProposed


class UnknownPayout(LookupError):
    """No such payout in `decisions`, or none that anything was booked for."""


def prove_payout(
    log: Log,
    payout: str,
    keys: ClickKeys | None,
    *,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> PayoutProof:
    """Prove a payout; raises AuditFailed with the first difference, or UnknownPayout.

    `keys`: those that sign clicks; None leaves the signatures of their tokens unchecked.
    `patience`: seconds to wait for what a running ledger has yet to relay and to book.
    `progress` is told how many records were read since it was told last.
    """
    name = f"payout:{payout}"

    def partner_of(decided: Decided) -> frozenset[str]:
        return frozenset([asked_for(payout, decided.of_aggregate(name)).partner])

    seen: list[Seen] = []
    proved = prove_accounts(
        log,
        partner_of,
        keys,
        patience=patience,
        progress=progress,
        each=lambda position, said, conversion: seen.append((position, said, conversion)),
    )
    decisions = by_aggregate(proved.decided, frozenset([name]))[name]
    if status := waiting(decisions):
        raise UnknownPayout(f"payout {payout!r} is {status}: nothing was booked for it")
    for difference in false_checkpoints(log, proved.decided, progress):
        raise AuditFailed(difference)
    proof = payout_proof(proved, payout, decisions)
    account = proved.accounts[proof.partner]
    proof.told = summed(tell(proof.partner, proved.decided, seen, account), account)
    return proof


def payout_proof(proved: ProvedAccounts, payout: str, decisions: list[Decision]) -> PayoutProof:
    """The proof of one payout of a proved account; `decisions`: its own. Raises AuditFailed."""
    request = request_of(decisions)
    assert request is not None, f"payout {payout} was asked for"
    for difference in false_approvals(decisions):
        raise AuditFailed(difference)
    account = proved.accounts[request.partner]
    steps = [one for one in account if one.entry.payout == payout]
    answer = _answer(payout, steps)
    for difference in false_tellings(decisions, {payout: answer}):
        raise AuditFailed(difference)
    funding = next(one for one in steps if one.position == answer.position)
    before = [
        one
        for one in account
        if one.entry.n < funding.entry.n
        and one.entry.program == request.program
        and request.unit in one.entry.units()
    ]
    _compare_balance(funding, before, request.unit)
    return PayoutProof(
        payout=payout,
        partner=request.partner,
        program=request.program,
        unit=request.unit,
        amount=answer.amount,
        status=_status(steps),
        steps=steps,
        funding=funding,
        before=before,
        entries=len(account),
        conversions=proved.conversions,
        clicks=proved.clicks,
        decisions=len(proved.decided.decisions),
        records=proved.records,
    )


def asked_for(payout: str, decisions: list[Decision]) -> PayoutAsked:
    """As `request_of`, of the payout whose own `decisions` they are; raises UnknownPayout."""
    asked = request_of(decisions)
    if asked is None:
        raise UnknownPayout(
            f"payout {payout!r} is not in the log; `pledger payouts list` shows those that are"
        )
    return asked


def request_of(decisions: list[Decision]) -> PayoutAsked | None:
    """How a payout was asked for, by its own decisions."""
    for decision in decisions:
        fact = decision.fact() if decision.name in ASKING else None
        if isinstance(fact, PayoutRequested | PayoutProposed):
            return fact
    return None


ASKING = ("payout.requested", "payout.proposed")
ANSWERED = ("payout.requested", "payout.approved", "payout.funded", "payout.refused")
"""Decisions that the journal answers, or that tell its answer."""


def waiting(decisions: list[Decision]) -> str:
    """`proposed` or `canceled` where a payout's decisions ask the journal for nothing."""
    names = [decision.name for decision in decisions]
    if any(name in ANSWERED for name in names):
        return ""
    return "canceled" if "payout.canceled" in names else "proposed"


def _answer(payout: str, steps: list[ProvedEntry]) -> Answer:
    """What the journal said to the request: the first entry that funds or refuses it."""
    for proved in steps:
        if answer := answer_of(proved.entry, proved.position):
            return answer
    raise AuditFailed(
        Difference("missing", f"payout:{payout}", "no journal entry for it: not booked yet")
    )


def _status(steps: list[ProvedEntry]) -> str:
    """Where the payout stands after its last step that had an effect."""
    kinds = [proved.entry.kind for proved in steps if proved.entry.kind != "no_effect"]
    return kinds[-1].removeprefix("payout_")


def _compare_balance(funding: ProvedEntry, before: list[ProvedEntry], unit: str) -> None:
    """The balance on the payout's entry, added up once more from the legs alone."""
    owed = sum(proved.entry.payable(unit) for proved in [*before, funding])
    held = funding.entry.balance
    if held is not None and held.payable != owed:
        raise AuditFailed(
            Difference(
                "unbalanced",
                funding.position,
                f"says {held.payable} is payable; the legs before it add up to {owed}",
            )
        )
